"""Models that check the types of their fields."""

import typing


class BaseModel:
    def __init__(self, **given):
        for name, of in typing.get_type_hints(type(self)).items():
            if not isinstance(given[name], of):
                raise ValueError(name)
            setattr(self, name, given[name])
