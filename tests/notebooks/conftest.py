"""Keys for the live stores that notebooks read."""

from tests.storekeys import store_keys

__all__ = ["store_keys"]
