-- Run once by an administrator of the server, connected to the database `postgres`, before the first migration:
--
--   psql --set=service=id-fruits --set=migrate=id-fruits-migrate --set=database=fruits --file=prepare.sql
--
-- Running it again changes nothing.
--
-- The database, and every table to come, belong to a role that nobody signs in as. Whoever migrates becomes it by the
-- `options=-c role=fruits_owner` of its URL. Rights on tables to come can be given in the name of this role by whoever made
-- it; in the name of an identity, which Entra makes, by that identity alone.
\set ON_ERROR_STOP on
SELECT :'database' || '_owner' AS owner \gset

-- The roles of the two identities, known by their names; Entra says who may be them.
SELECT format('SELECT pgaadauth_create_principal(%L, false, false)', name)
  FROM unnest(ARRAY[:'service', :'migrate']) AS name
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

SELECT format('CREATE ROLE %I NOLOGIN', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') \gexec
GRANT :"owner" TO :"migrate";

-- Whoever prepares acts as the owner until the end of this: it is how one gives rights for another.
GRANT :"owner" TO CURRENT_USER;
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec

\connect :database

-- The service reads and writes rows. Tables, now and later, are not its own.
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"database" TO :"service";
GRANT USAGE ON SCHEMA public TO :"service";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :"service";
GRANT SELECT, UPDATE, USAGE ON ALL SEQUENCES IN SCHEMA public TO :"service";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"service";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public GRANT SELECT, UPDATE, USAGE ON SEQUENCES TO :"service";

REVOKE :"owner" FROM CURRENT_USER;
