"""What notebooks call: functions that take a country and give pandas tables or matplotlib figures.

Everything here is also for scripts. Nothing returns a raw identifier, a token, or who is in office.
"""

import pandas as pd

from detector.workbench.charts import plain
from detector.workbench.country import Country, opened

pd.set_option("display.max_colwidth", None)  # a reason cut off in its middle is no reason
pd.set_option("display.float_format", plain)

__all__ = ["Country", "opened"]
