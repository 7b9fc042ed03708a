-- The accounts of Inventario, each with only the rights it needs. Run by the set-up on the primary,
-- as often as it likes; replication carries them to the replicas. The passwords are filled in by
-- src/database/accounts.ts.

CREATE USER IF NOT EXISTS inventario_migrator@'%';
ALTER USER inventario_migrator@'%' IDENTIFIED BY :migrator_password;
GRANT ALTER, CREATE, CREATE VIEW, DELETE, DROP, INDEX, INSERT, REFERENCES, SELECT, TRIGGER, UPDATE
  ON inventario.* TO inventario_migrator@'%';

-- Its rights are given table by table in grants.sql, once the tables are there.
CREATE USER IF NOT EXISTS inventario_app@'%';
ALTER USER inventario_app@'%' IDENTIFIED BY :app_password;

-- BACKUP_ADMIN lets a new replica clone the primary. CONNECTION_ADMIN lets a replica in while a promotion keeps
-- everybody else out of the old primary (offline_mode): it has to fetch what was written last.
CREATE USER IF NOT EXISTS inventario_replicator@'%';
ALTER USER inventario_replicator@'%' IDENTIFIED BY :replicator_password REQUIRE SSL;
GRANT REPLICATION SLAVE, BACKUP_ADMIN, CONNECTION_ADMIN ON *.* TO inventario_replicator@'%';

CREATE USER IF NOT EXISTS inventario_monitor@'%';
ALTER USER inventario_monitor@'%' IDENTIFIED BY :monitor_password;
GRANT REPLICATION CLIENT ON *.* TO inventario_monitor@'%';
GRANT SELECT ON performance_schema.* TO inventario_monitor@'%';
