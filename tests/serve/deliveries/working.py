"""A dispatcher in a process of its own, to be killed: `python -m tests.serve.deliveries.working URL`."""

import asyncio
import sys

from tests.serve.deliveries.post import dispatcher

if __name__ == "__main__":
    asyncio.run(dispatcher(sys.argv[1]).run(asyncio.Event()))
