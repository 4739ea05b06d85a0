-- The logins of a Postgres server that levy has to itself: run once, by the superuser, in the empty
-- database levy. docker-compose.yml has the image do so when its volume is new. By hand:
--
--   POSTGRES_OWNER_PASSWORD=... POSTGRES_APP_PASSWORD=... psql -d levy -f ops/postgres-init.sql
--
-- What each role may do there, the owner writes down when it migrates: see ledger/roles.sql.

\getenv owner_password POSTGRES_OWNER_PASSWORD
\getenv app_password POSTGRES_APP_PASSWORD
\set ON_ERROR_STOP on

begin;

-- Migrates: DATABASE_OWNER_URL. It is no superuser, and the program does not work with it.
create role levy_owner login password :'owner_password';
-- The program: DATABASE_URL.
create role levy_app login password :'app_password';
-- People who only look get a login of their own: create role NAME login password '...' in role
-- levy_reader;
create role levy_reader;

-- The queue's tables belong to the application. The owner makes the schema for them in its name.
grant levy_app to levy_owner;
alter database levy owner to levy_owner;
-- Other logins of this server have no business here.
revoke connect, temporary on database levy from public;

commit;
