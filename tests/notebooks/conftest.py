"""Keys for the live stores that notebooks read."""

from tests.storekeys import with_keys

__all__ = ["with_keys"]
