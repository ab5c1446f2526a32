-- Run once by the identity that migrates, connected to the database `postgres`, before the first migration:
--
--   psql --set=service=id-fruits --set=database=fruits --file=prepare.sql
--
-- Running it again changes nothing.
\set ON_ERROR_STOP on

-- The database belongs to whoever migrates, and so does its schema `public`.
SELECT format('CREATE DATABASE %I', :'database')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec

-- The service's role, known by the name of its identity; Entra says who may be it.
SELECT format('SELECT pgaadauth_create_principal(%L, false, false)', :'service')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'service') \gexec

\connect :database

-- The service reads and writes rows. Tables, now and later, are not its own.
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"service";
GRANT USAGE ON SCHEMA public TO :"service";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :"service";
GRANT SELECT, UPDATE, USAGE ON ALL SEQUENCES IN SCHEMA public TO :"service";
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"service";
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, UPDATE, USAGE ON SEQUENCES TO :"service";
