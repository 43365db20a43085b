# For Astro (`astro dev start`, `astro deploy`). This runtime carries Airflow 3.3.2, the lock's
# version; its default Python is newer than the lock covers, so it has a suffix.
FROM astrocrpublic.azurecr.io/runtime:3.3-8-python-3.12

# By here the base image's ONBUILD steps have installed packages.txt (Java) and requirements.txt,
# and copied the project. What is left is what the first run would otherwise have to fetch or make.
ENV JAVA_HOME=/usr/lib/jvm/default-java
ENV PYTHONPATH=/usr/local/airflow

# Cosmos draws the DAG's tasks from it, and the scheduler must not parse dbt on every refresh
RUN dbt parse --project-dir include/dbt --profiles-dir include/dbt \
    && dbt docs generate --static --no-compile --empty-catalog \
      --project-dir include/dbt --profiles-dir include/dbt

# Spark takes the driver from this cache, so a task needs no Maven repository
RUN spark-submit \
    --packages "$(python -c 'from include.als.access import JDBC_PACKAGE; print(JDBC_PACKAGE)')" \
    include/__init__.py
