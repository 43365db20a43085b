-- The medallion's three schemas, and the ledger's own.
create database if not exists $database;
create schema if not exists $database.bronze;
create schema if not exists $database.ledger;
create schema if not exists $database.silver;
create schema if not exists $database.gold;
