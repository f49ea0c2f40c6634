"""Runs the rules over files and takes away what is suppressed."""
