"""A small file of each vendor's format, in its documented layout, and the trades in it."""

from pathlib import Path
from typing import NamedTuple


class VendorTrade(NamedTuple):
    """What a trade must be on the tape."""

    timestamp: str
    symbol: str
    price: str
    volume: str
    side: str | None = None
    conditions: str | None = None
    updates_last: bool = True
    trade_id: str | None = None


class VendorFile(NamedTuple):
    """A file as a vendor writes it."""

    format: str
    name: str
    text: str
    trades: tuple[VendorTrade, ...]

    def written(self, folder: Path) -> Path:
        """Write the file and return its path."""
        path = folder / self.name
        path.write_text(self.text)
        return path


VENDOR_FILES = (
    VendorFile(
        "massive",
        "2024-01-02.csv",
        "ticker,conditions,correction,exchange,id,participant_timestamp,price,sequence_number,sip_timestamp,"
        "size,tape,trf_id,trf_timestamp\n"
        'A,"12,37",0,11,1,1704205800018025000,137.16,7,1704205800018250000,55,1,0,0\n'
        "A,,0,4,1,1704205800018026000,137.2,8,1704205800018251000,100,1,202,1704205800018200000\n"
        "A,14,8,4,2,1704205800018027000,999,9,1704205800018252000,100,1,0,0\n",
        (
            VendorTrade(
                "2024-01-02T14:30:00.018025+00:00",
                *("A", "137.16", "55", None, "12,37", False, "20240102/11/1"),
            ),
            VendorTrade("2024-01-02T14:30:00.018026+00:00", *("A", "137.2", "100"), trade_id="20240102/4/1"),
        ),
    ),
    VendorFile(
        "alpaca",
        "alpaca.csv",
        "symbol,timestamp,exchange,price,size,id,conditions,tape\n"
        "SPY,2024-01-02 14:30:00.000123456+00:00,P,472.16,100.0,52983,\"['@', 'F']\",B\n"
        "SPY,2024-01-02 14:30:00.100123456+00:00,D,472.17,3.0,52983,\"['@', 'I']\",B\n"
        # Behind midnight in UTC, and on the same day in New York.
        "SPY,2024-01-03 00:30:00+00:00,P,472.18,100.0,52984,\"['@', 'T']\",B\n",
        (
            VendorTrade(
                "2024-01-02T14:30:00.000123+00:00",
                *("SPY", "472.16", "100", None, "['@', 'F']", True, "20240102/P/52983"),
            ),
            VendorTrade(
                "2024-01-02T14:30:00.100123+00:00",
                *("SPY", "472.17", "3", None, "['@', 'I']", False, "20240102/D/52983"),
            ),
            VendorTrade(
                "2024-01-03T00:30:00+00:00",
                *("SPY", "472.18", "100", None, "['@', 'T']", False, "20240102/P/52984"),
            ),
        ),
    ),
    VendorFile(
        "taq",
        "EQY_US_ALL_TRADE_20190731",
        "Time|Exchange|Symbol|Sale Condition|Trade Volume|Trade Price|Trade Stop Stock Indicator|"
        "Trade Correction Indicator|Sequence Number|Trade Id|Source of Trade|Trade Reporting Facility|"
        "Participant Timestamp|Trade Reporting Facility TRF Timestamp|Trade Through Exempt Indicator\n"
        + "".join(
            f"09300012345678{at % 10}|N|BRK B|@ O  |{100 + at}|205.5||00|{at}|{at}|C||093000123000000||0\n"
            for at in range(12)
        )
        + "160003000000000|P|AAPL|@6  |5|213.04||08|90|90|N||160003000000000||0\n"
        "160004000000000|P|AAPL|@  I|5|213.04||00|91|91|N||160004000000000||0\n"
        "END|20190731|000000013|||||||||||||\n",
        (
            *(
                VendorTrade(
                    "2019-07-31T13:30:00.123456+00:00",
                    *("BRK.B", "205.5", f"{100 + at}", None, "@ O", True, f"20190731/N/{at}"),
                )
                for at in range(12)
            ),
            VendorTrade(
                "2019-07-31T20:00:04+00:00",
                *("AAPL", "213.04", "5", None, "@  I", False, "20190731/P/91"),
            ),
        ),
    ),
    VendorFile(
        "wrds",
        "wrds.csv",
        "DATE,TIME_M,EX,SYM_ROOT,SYM_SUFFIX,TR_SCOND,SIZE,PRICE,TR_CORR\n"
        "20240311,9:30:00.000123456,Q,AAPL,,@  Q,100,172.94,00\n"
        "20240311,9:30:01.5,N,BRK,B,,7,405.1,00\n"
        "20240311,9:30:02.5,N,BRK,B,,7,9,10\n",
        (
            VendorTrade("2024-03-11T13:30:00.000123+00:00", *("AAPL", "172.94", "100", None, "@  Q", False)),
            VendorTrade("2024-03-11T13:30:01.500000+00:00", "BRK.B", "405.1", "7"),
        ),
    ),
    VendorFile(
        "databento-raw",
        "xnas-itch-raw.csv",
        "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags,ts_in_delta,"
        "sequence,symbol\n"
        "1715164800000112345,1715164800000012345,0,1,5482,T,A,0,5312250000000,3,0,18681,17,ESM4\n"
        "1715164800000112345,1715164800000012999,0,1,5482,T,B,0,-1250000000,2,0,18681,18,ESM4\n"
        "1715164800000112345,1715164800000013999,0,1,5482,T,N,0,5312500000000,1,0,18681,19,ESM4\n",
        (
            VendorTrade("2024-05-08T10:40:00.000012+00:00", "ESM4", "5312.25", "3", "SELL"),
            VendorTrade("2024-05-08T10:40:00.000012+00:00", "ESM4", "-1.25", "2", "BUY"),
            VendorTrade("2024-05-08T10:40:00.000013+00:00", "ESM4", "5312.5", "1"),
        ),
    ),
    VendorFile(
        "databento",
        "xnas-itch.csv",
        "ts_recv,ts_event,rtype,publisher_id,instrument_id,action,side,depth,price,size,flags,ts_in_delta,"
        "sequence,symbol\n"
        "2024-05-08T10:40:00.000112345Z,2024-05-08T10:40:00.000012345Z,0,1,5482,T,A,0,5314.250000000,3,0,1,17,"
        "ESM4\n",
        (VendorTrade("2024-05-08T10:40:00.000012+00:00", "ESM4", "5314.25", "3", "SELL"),),
    ),
    VendorFile(
        "lean",
        "20131007_ibm_Trade_Tick.csv",
        "34200004,1818500,100,N,0,0\n57600123,1818600,7,P,80000000,0\n",
        (
            VendorTrade("2013-10-07T13:30:00.004000+00:00", "IBM", "181.85", "100", None, "0"),
            VendorTrade("2013-10-07T20:00:00.123000+00:00", *("IBM", "181.86", "7", None, "80000000", False)),
        ),
    ),
    VendorFile(
        "lobster",
        "AAPL_2012-06-21_34200000_57600000_message_1.csv",
        "34200.004241176,1,16113575,18,5853300,1\n34200.189608068,4,16113595,7,5853100,1\n"
        "34201.5,5,0,100,5854200,-1\n34202,7,0,0,-1,-1\n",
        (
            VendorTrade("2012-06-21T13:30:00.189608+00:00", "AAPL", "585.31", "7", "SELL"),
            VendorTrade("2012-06-21T13:30:01.500000+00:00", "AAPL", "585.42", "100", "BUY"),
        ),
    ),
    VendorFile(
        "iex",
        "tops.csv",
        "Sale Condition Flags,Timestamp,Symbol,Size,Price,Trade ID\n"
        "0x00,2018-01-27T15:23:44.856983Z,ZIEXT,100,99.05,429974\n"
        "0x20,2018-01-27T15:23:44.856984Z,ZIEXT,7,99.06,429975\n",
        (
            VendorTrade(
                "2018-01-27T15:23:44.856983+00:00",
                *("ZIEXT", "99.05", "100", None, "0x00", True, "20180127/429974"),
            ),
            VendorTrade(
                "2018-01-27T15:23:44.856984+00:00",
                *("ZIEXT", "99.06", "7", None, "0x20", False, "20180127/429975"),
            ),
        ),
    ),
    VendorFile(
        "kibot",
        "IBM.txt",
        "07/05/2023,09:30:00.250,133.2,133.1,133.3,200\n12/05/2023,09:30:01,161.1,161,161.2,50\n",
        (
            VendorTrade("2023-07-05T13:30:00.250000+00:00", "IBM", "133.2", "200"),
            VendorTrade("2023-12-05T14:30:01+00:00", "IBM", "161.1", "50"),
        ),
    ),
    VendorFile(
        "kibot-plain",
        "OIH.txt",
        "07/05/2023,09:30:00,290.25,200\n",
        (VendorTrade("2023-07-05T13:30:00+00:00", "OIH", "290.25", "200"),),
    ),
    VendorFile(
        "firstrate",
        "MSFT_tick.txt",
        "2023-07-05 09:30:00.123,338.2,100\n2023-12-05 09:30:00.456,372.1,3\n",
        (
            VendorTrade("2023-07-05T13:30:00.123000+00:00", "MSFT", "338.2", "100"),
            VendorTrade("2023-12-05T14:30:00.456000+00:00", "MSFT", "372.1", "3"),
        ),
    ),
    VendorFile(
        "binance-trades",
        "BTCUSDT-trades-2025-01-01.csv",
        "4359120271,93576.01000000,0.00200000,187.15,1735689600123456,True,True\n"
        "4359120272,93576.02000000,0.00100000,93.57,1735689600123457,False,True\n",
        (
            VendorTrade(
                "2025-01-01T00:00:00.123456+00:00",
                *("BTCUSDT", "93576.01", "0.002", "SELL", None, True, "4359120271"),
            ),
            VendorTrade(
                "2025-01-01T00:00:00.123457+00:00",
                *("BTCUSDT", "93576.02", "0.001", "BUY", None, True, "4359120272"),
            ),
        ),
    ),
    VendorFile(
        "binance-aggtrades",
        "PEPEUSDT-aggTrades-2024-06-01.csv",
        "91,0.00001432,1000000,180,181,1717200000123,true,true\n",
        (
            VendorTrade(
                "2024-06-01T00:00:00.123000+00:00",
                *("PEPEUSDT", "0.00001432", "1000000", "SELL", None, True, "91"),
            ),
        ),
    ),
    VendorFile(
        "binance-futures-trades",
        "BTCUSDT-trades-2024-03-01.csv",
        "id,price,qty,quote_qty,time,is_buyer_maker\n4660283,61130.9,0.004,244.5,1709251200005,true\n",
        (
            VendorTrade(
                "2024-03-01T00:00:00.005000+00:00",
                *("BTCUSDT", "61130.9", "0.004", "SELL", None, True, "4660283"),
            ),
        ),
    ),
    VendorFile(
        "binance-futures-aggtrades",
        "BTCUSDT-aggTrades-2020-03-01.csv",
        "26129,8523.6,0.2,28457,28457,1583020800123,false\n",
        (
            VendorTrade(
                "2020-03-01T00:00:00.123000+00:00",
                *("BTCUSDT", "8523.6", "0.2", "BUY", None, True, "26129"),
            ),
        ),
    ),
    VendorFile(
        "binance-frames",
        "btcusdt_20240808.jsonl",
        '1723161253937085768 {"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1723161255208,'
        '"s":"BTCUSDT","U":1,"u":2,"b":[["61737.63000000","0.00000000"]],"a":[]}}\n'
        '1723161254087891268 {"stream":"btcusdt@bookTicker","data":{"u":3,"s":"BTCUSDT","b":"1","B":"2",'
        '"a":"3","A":"4"}}\n'
        '1723161254087896568 {"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT",'
        '"t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}}\n'
        '1723161254347673567 {"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255619,"s":"BTCUSDT",'
        '"t":3735683260,"p":"61837.64","q":"0.048","T":1723161255617,"m":false,"M":true}}\n',
        (
            VendorTrade(
                "2024-08-08T23:54:15.342000+00:00",
                *("BTCUSDT", "61837.63", "0.02", "SELL", None, True, "3735683259"),
            ),
            VendorTrade(
                "2024-08-08T23:54:15.617000+00:00",
                *("BTCUSDT", "61837.64", "0.048", "BUY", None, True, "3735683260"),
            ),
        ),
    ),
    VendorFile(
        "bybit",
        "BTCUSDT2024-01-04.csv",
        "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional\n"
        "1704326400.1003,BTCUSDT,Buy,0.010,42700.10,PlusTick,5f6b2b5c-aaaa,4.27e+10,0.01,427.001\n",
        (
            VendorTrade(
                "2024-01-04T00:00:00.100300+00:00",
                *("BTCUSDT", "42700.1", "0.01", "BUY", None, True, "5f6b2b5c-aaaa"),
            ),
        ),
    ),
    VendorFile(
        "bybit-spot",
        "BTCUSDT_2025-05-19.csv",
        "id,timestamp,price,volume,side,rpi\n1,1747612800074,106453.8,0.003718,sell,0\n",
        (
            VendorTrade(
                "2025-05-19T00:00:00.074000+00:00",
                *("BTCUSDT", "106453.8", "0.003718", "SELL", None, True, "20250519/1"),
            ),
        ),
    ),
    VendorFile(
        "bitmex",
        "20240102.csv",
        "timestamp,symbol,side,size,price,tickDirection,trdMatchID,grossValue,homeNotional,foreignNotional,"
        "trdType\n"
        "2024-01-02D00:00:01.123456000,XBTUSD,Sell,100,44187.5,ZeroMinusTick,0000-01,226300,0.0022,100,Regular\n",
        (
            VendorTrade(
                "2024-01-02T00:00:01.123456+00:00",
                *("XBTUSD", "44187.5", "100", "SELL", None, True, "0000-01"),
            ),
        ),
    ),
    VendorFile(
        "okx",
        "BTC-USDT-trades-2024-01-15.csv",
        "instrument_name,trade_id,side,price,size,created_time\nBTC-USDT,72007,buy,42897.9,0.5,1705248000179\n",
        (
            VendorTrade(
                "2024-01-14T16:00:00.179000+00:00",
                *("BTC-USDT", "42897.9", "0.5", "BUY", None, True, "72007"),
            ),
        ),
    ),
    VendorFile(
        "okx",
        "ETH-USDT-SWAP-trades-2022-04-19.csv",
        "trade_id,side,size,price,created_time\n9,sell,3,3050.12,1650297600001\n",
        (
            VendorTrade(
                "2022-04-18T16:00:00.001000+00:00",
                *("ETH-USDT-SWAP", "3050.12", "3", "SELL", None, True, "9"),
            ),
        ),
    ),
    VendorFile(
        "tardis",
        "deribit_trades_2020-03-01_OPTIONS.csv",
        "exchange,symbol,timestamp,local_timestamp,id,side,price,amount\n"
        "deribit,BTC-27MAR20-9000-C,1583020800123456,1583020800223456,ETH-1,unknown,0.0355,1.5\n",
        (
            VendorTrade(
                "2020-03-01T00:00:00.123456+00:00",
                *("BTC-27MAR20-9000-C", "0.0355", "1.5", None, None, True, "ETH-1"),
            ),
        ),
    ),
    VendorFile(
        "coinbase",
        "BTC-USD.csv",
        "trade_id,side,size,price,time\n74,buy,0.01,61000.5,2024-03-01T08:00:00.123456Z\n",
        (
            VendorTrade(
                "2024-03-01T08:00:00.123456+00:00",
                *("BTC-USD", "61000.5", "0.01", "SELL", None, True, "74"),
            ),
        ),
    ),
    VendorFile(
        "bitstamp",
        "btcusd.csv",
        "date,tid,price,type,amount\n1709280000,325,61000,1,0.5\n",
        (VendorTrade("2024-03-01T08:00:00+00:00", *("BTCUSD", "61000", "0.5", "SELL", None, True, "325")),),
    ),
    VendorFile(
        "cryptodatadownload",
        "Gemini_BTCUSD_2024_trades.csv",
        "https://www.CryptoDataDownload.com\nunix,date,symbol,price,amount,side\n"
        "1709280000123,2024-03-01 08:00:00,BTC/USD,61000.5,0.25,buy\n",
        (VendorTrade("2024-03-01T08:00:00.123000+00:00", "BTC/USD", "61000.5", "0.25", "BUY"),),
    ),
    VendorFile(
        "questdb",
        "trades.csv",
        '"symbol","side","price","amount","timestamp"\n'
        '"ETH-USD","sell",2615.54,0.00044,"2022-03-08T18:03:57.609765Z"\n',
        (VendorTrade("2022-03-08T18:03:57.609765+00:00", "ETH-USD", "2615.54", "0.00044", "SELL"),),
    ),
    VendorFile(
        "kraken",
        "XBTUSD.csv",
        "1381095255,123.61000,0.10000000\n1381179030.5,123.91000,1\n",
        (
            VendorTrade("2013-10-06T21:34:15+00:00", "XBTUSD", "123.61", "0.1"),
            VendorTrade("2013-10-07T20:50:30.500000+00:00", "XBTUSD", "123.91", "1"),
        ),
    ),
)
# Files of quotes: they are recognised, so that the refusal can say why.
QUOTE_FILES = {
    "histdata": (
        "DAT_ASCII_EURUSD_T_201202.csv",
        "20120201 000003660,1.306600,1.306770,0\n20120201 000003973,1.306580,1.306750,0\n",
    ),
    "dukascopy": (
        "EURUSD_Ticks.csv",
        "Gmt time,Ask,Bid,AskVolume,BidVolume\n01.02.2012 00:00:00.121,1.30677,1.3066,1.5,1.5\n",
    ),
}
