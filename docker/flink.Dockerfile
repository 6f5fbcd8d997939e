# syntax=docker/dockerfile:1
# Apache Flink with the connectors for Kafka and PostgreSQL.
FROM maven:3.9-eclipse-temurin-17 AS jars

WORKDIR /jars
COPY flink-jars.txt flink-jars.sha256 ./
RUN while read -r jar; do \
        mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
            -Dartifact="$jar" -DoutputDirectory=/jars || exit 1; \
    done < flink-jars.txt \
    && sha256sum --check --strict flink-jars.sha256

FROM flink:2.2.1-java17

COPY --from=jars --chown=flink:flink /jars/*.jar /opt/flink/lib/

# A new volume takes its owner from the folder that it covers.
RUN mkdir /opt/flink/state && chown flink:flink /opt/flink/state
# The user flink of the image, by its number, which a host can check.
USER 9999
