"""From a diagnostic to the edits that settle it, and whether these hold."""
