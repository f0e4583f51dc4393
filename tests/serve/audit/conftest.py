"""Both stores, and an engine at work over each."""

from tests.serve.engine.conftest import postgres, standing, store_url

__all__ = ["postgres", "standing", "store_url"]
