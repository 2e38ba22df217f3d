from ..aliases import Round as round_trip

Number = float | None
