"""What runs when: modules by imports, code by calls, and which code runs while a test patches something."""
