"""What notebooks call: functions that take a country and give pandas tables or matplotlib figures.

Everything here is also for scripts. Nothing returns a raw identifier, a token, or who is in office.
"""

from detector.workbench.country import Country, opened

__all__ = ["Country", "opened"]
