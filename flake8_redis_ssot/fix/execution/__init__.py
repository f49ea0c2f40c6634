"""What runs when: modules by imports, code by calls, and what a test has replaced meanwhile."""
