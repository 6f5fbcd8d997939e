@echo off
rem Start the whole system on Windows, each process in a window of its own; stop.bat ends it.
rem Kafka and PostgreSQL come from Docker Desktop. SERVICES=external says that they run already.
setlocal
cd /d "%~dp0"
set "PYTHON=%CD%\.venv\Scripts\python.exe"

if not exist "%PYTHON%" (
    echo Making .venv ...
    py -3 -m venv .venv
    if errorlevel 1 (
        echo start.bat: cannot make .venv; install Python 3.11 or newer from python.org
        exit /b 1
    )
)

fc /b requirements.txt .venv\installed.txt >nul 2>nul
if errorlevel 1 (
    echo Installing what requirements.txt names ...
    "%PYTHON%" -m pip install --quiet --disable-pip-version-check -r requirements.txt
    if errorlevel 1 exit /b 1
    copy /y requirements.txt .venv\installed.txt >nul
)

rem The settings as the scripts read them: the environment first, then .env.
set "ASK=from stockstream.settings import load; s = load(); print(s.services, s.dashboard_port, s.kafka_bootstrap_servers.rpartition(':')[2])"
set "PORT="
for /f "usebackq tokens=1-3" %%a in (`.venv\Scripts\python.exe -c "%ASK%" 2^>nul`) do (
    set "SOURCE=%%a"
    set "PORT=%%b"
    set "KAFKA_PORT=%%c"
)
if not defined PORT (
    echo start.bat: .env or the environment has a wrong value; python database.py status names it
    exit /b 1
)

rem A window of this copy is a cmd.exe whose command line has our title and our Python.
powershell -NoProfile -Command "exit @(Get-CimInstance Win32_Process | Where-Object { $_.Name -eq 'cmd.exe' -and $_.CommandLine -like '*title stockstream *' -and $_.CommandLine.ToLower().Contains($env:PYTHON.ToLower()) }).Count"
if errorlevel 1 (
    echo It runs already: http://localhost:%PORT%   stop.bat ends it.
    exit /b 0
)

if "%SOURCE%"=="external" goto schema
docker compose version >nul 2>nul
if errorlevel 1 (
    echo start.bat: Docker is missing; install Docker Desktop, or run Kafka and PostgreSQL yourself and set SERVICES=external
    exit /b 1
)
echo Starting Kafka and PostgreSQL ...
docker compose up -d --wait kafka postgres
if errorlevel 1 exit /b 1

:schema
"%PYTHON%" database.py init
if errorlevel 1 exit /b 1

call :window producer producer.py
call :window consumer consumer.py
call :window aggregator aggregator.py
call :window detector anomaly_detector.py watch
call :window dashboard -m streamlit run dashboard.py --server.headless true --server.port %PORT%

echo Dashboard: http://localhost:%PORT%
echo Health:    .venv\Scripts\python test_system.py
exit /b 0

rem The name of a process, then what Python runs. The window stays open when it ends, to be read.
:window
for /f "tokens=1,*" %%a in ("%*") do start "stockstream %%a" cmd /k "title stockstream %%a & "%PYTHON%" %%b"
exit /b 0
