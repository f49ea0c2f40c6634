"""A census of a test run, across its processes, beside what the rules say of the same code."""
