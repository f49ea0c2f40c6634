"""A manager that keeps something in the process, so that all its uses move together."""

STATEFUL = """\
class Manager:
    def __init__(self):
        self.local = {}

    def get(self, key: str) -> str:
        return self.local.get(key, "")


manager = Manager()
"""
