"""What docker-compose.yaml runs besides the stand-ins and Airflow."""
