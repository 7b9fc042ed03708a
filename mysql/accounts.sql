-- The accounts of Inventario, with the least privileges. The set-up runs this on the primary, repeatedly;
-- replication carries it to the replicas. src/database/accounts.ts fills in the passwords.

CREATE USER IF NOT EXISTS inventario_migrator@'%';
ALTER USER inventario_migrator@'%' IDENTIFIED BY :migrator_password;
GRANT ALTER, CREATE, CREATE VIEW, DELETE, DROP, INDEX, INSERT, REFERENCES, SELECT, TRIGGER, UPDATE
  ON inventario.* TO inventario_migrator@'%';

-- grants.sql adds its table privileges once the tables exist.
CREATE USER IF NOT EXISTS inventario_app@'%';
ALTER USER inventario_app@'%' IDENTIFIED BY :app_password;

-- BACKUP_ADMIN lets a new replica clone the primary. CONNECTION_ADMIN lets a replica connect to an old
-- primary in offline mode, to fetch the last writes during a promotion.
CREATE USER IF NOT EXISTS inventario_replicator@'%';
ALTER USER inventario_replicator@'%' IDENTIFIED BY :replicator_password REQUIRE SSL;
GRANT REPLICATION SLAVE, BACKUP_ADMIN, CONNECTION_ADMIN ON *.* TO inventario_replicator@'%';

CREATE USER IF NOT EXISTS inventario_monitor@'%';
ALTER USER inventario_monitor@'%' IDENTIFIED BY :monitor_password;
GRANT REPLICATION CLIENT ON *.* TO inventario_monitor@'%';
GRANT SELECT ON performance_schema.* TO inventario_monitor@'%';
