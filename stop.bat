@echo off
rem End what start.bat began: the windows of this copy, then the servers in Docker. Their data stays.
setlocal
cd /d "%~dp0"
set "PYTHON=%CD%\.venv\Scripts\python.exe"

rem A window of this copy is a cmd.exe whose command line has our title and our Python. To end it by
rem force loses nothing: what a process had not committed it reads again when it starts.
powershell -NoProfile -Command "Get-CimInstance Win32_Process | Where-Object { $_.Name -eq 'cmd.exe' -and $_.CommandLine -like '*title stockstream *' -and $_.CommandLine.ToLower().Contains($env:PYTHON.ToLower()) } | ForEach-Object { taskkill /pid $_.ProcessId /t /f }"

docker compose version >nul 2>nul
if not errorlevel 1 docker compose stop
exit /b 0
