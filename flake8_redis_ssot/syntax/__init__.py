"""One file as Python reads it: scopes, bindings, imports and nodes."""
