"""Messages that tests write by hand, so that no encoder of the project has a part in them."""


def trade_message(number: int, symbol: str = "AAPL", second: float = 0.0, price: str = "187.12") -> bytes:
    """A good message whose trade_id is the number; its time is so many seconds after ten o'clock."""
    minutes, seconds = divmod(second, 60)
    return (
        f'{{"trade_id":"{number}","timestamp":"2026-11-23T10:{int(minutes):02}:{seconds:09.6f}Z",'
        f'"symbol":"{symbol}","price":{price},"volume":{number % 100 + 1},"trade_type":"BUY",'
        f'"source":"test","anomaly":null}}'
    ).encode()
