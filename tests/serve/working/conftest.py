"""Both stores."""

from tests.serve.stores import postgres, store_url

__all__ = ["postgres", "store_url"]
