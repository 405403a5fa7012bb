"""When a charging spot comes free, learnt from past stays at the same site.

`Model` learns and forecasts; `Stay`, `Going`, `Forecast`, `Basis` and `Record` are its words.
"""

from locker_app.domain.forecast.kinds import Basis, Forecast, Going, Record, Stay
from locker_app.domain.forecast.model import Model

__all__ = ["Basis", "Forecast", "Going", "Model", "Record", "Stay"]
