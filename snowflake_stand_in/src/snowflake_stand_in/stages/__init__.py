"""Files: stages, file formats, COPY INTO, queries over a stage, the history of loads."""
