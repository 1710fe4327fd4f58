//! What PostgreSQL is told: no network, SCRAM for everyone, durable unless for tests, and nothing of a statement in its log.

use std::path::Path;

/// `pg_hba.conf`: the socket only, and a password even there. Never `trust`.
pub(super) const HBA: &str = "# written by maplebridge\n# type  database  user  method\nlocal   all       all   scram-sha-256\n";

/// The settings file, written anew before every start.
pub(super) fn conf(socket_dir: &Path, ephemeral: bool) -> String {
    let dir = socket_dir.display().to_string().replace('\'', "''");
    let durable = if ephemeral {
        "# for tests: a crash of the machine may lose everything\nfsync = off\nfull_page_writes = off\nmax_connections = 300\n"
    } else {
        "fsync = on\nsynchronous_commit = on\nmax_connections = 60\n"
    };
    format!(
        "# Written by maplebridge before every start; put your own settings into postgresql.conf, below the line that includes this file.
listen_addresses = ''
unix_socket_directories = '{dir}'
unix_socket_permissions = 0700
port = {port}
password_encryption = scram-sha-256
{durable}shared_buffers = 256MB
work_mem = 32MB
maintenance_work_mem = 256MB
effective_cache_size = 2GB
random_page_cost = 1.1
max_wal_size = 2GB
checkpoint_timeout = 15min
# a map's queries are short, compiling them costs more than it saves
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
# initdb puts a schema of its own before the name it is given
default_text_search_config = 'pg_catalog.simple'
# a week of logs; no statements and no values, which may speak of people
logging_collector = on
log_directory = 'log'
log_filename = 'postgresql-%a.log'
log_truncate_on_rotation = on
log_rotation_age = 1d
log_rotation_size = 0
log_min_error_statement = panic
log_error_verbosity = terse
log_statement = none
log_min_duration_statement = -1
",
        port = super::place::PORT
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_cluster_for_tests_may_lose_data() {
        let durable = conf(Path::new("/x"), false);
        assert!(durable.contains("\nfsync = on\n") && durable.contains("\nsynchronous_commit = on\n"));
        assert!(conf(Path::new("/x"), true).contains("\nfsync = off\n"));
    }

    #[test]
    fn nothing_listens_on_the_network_and_nobody_is_trusted() {
        assert!(conf(Path::new("/o'x"), false).contains("listen_addresses = ''\nunix_socket_directories = '/o''x'"));
        assert!(!HBA.contains("trust") && !HBA.contains("host "));
    }
}
