"""Pure Python engines: typed dataclasses in, typed dataclasses out; never Django."""
