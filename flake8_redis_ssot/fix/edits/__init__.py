"""From a diagnostic to the edits that settle it: what of the manager suits (`offers`), the edits by kind, and whether they hold."""
