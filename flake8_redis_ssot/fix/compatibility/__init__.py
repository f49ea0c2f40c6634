"""What takes the place of an object, whether it may, and what speaks against it; `ties` is what hangs together by that."""
