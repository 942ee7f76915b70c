/** Tables from before the circuit breaker, with rows: what an upgrade finds. */
const TABLES = (id: string): readonly string[] => [
  `create table mcp_servers (id ${id}, name varchar(255) not null unique, url text, team text default 'ops', health_status varchar(50))`,
  "insert into mcp_servers (name, url, team, health_status) values ('docker', 'http://docker.test/mcp', 'core', 'healthy'), ('qa', 'http://qa.test/mcp', 'qa', 'unreachable')",
  `create table mcp_health_log (id ${id}, mcp_server_id integer references mcp_servers (id), event_type varchar(30), error_message text)`,
  "insert into mcp_health_log (mcp_server_id, event_type, error_message) values (2, 'connected', 'kept')",
];

export const OLDER_TABLES = {
  sqlite: TABLES('integer primary key'),
  postgres: TABLES('serial primary key'),
};
