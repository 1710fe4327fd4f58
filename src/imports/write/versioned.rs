//! The merge of nouns that are kept in versions under a key of their own: households and facilities.

use super::{Merged, Origin, define, run};
use crate::db::Scoped;
use crate::error::Result;

/// A versioned table and its stage.
pub(super) struct Table {
    /// The stored table; the stage is `import_` and this.
    pub(super) name: &'static str,
    /// The key that stays over versions.
    pub(super) key: &'static str,
    /// What is compared and written, beside key, validity and origin.
    pub(super) columns: &'static [&'static str],
}

impl Table {
    fn of(&self, alias: &str) -> String {
        let named: Vec<String> = self.columns.iter().map(|column| format!("{alias}.{column}")).collect();
        named.join(", ")
    }

    /// Compares the stage with what is stored: `import_diff` (n, id, since, was_in, changed), one row a staged row.
    pub(super) async fn compare(&self, scoped: &mut Scoped, origin: &Origin) -> Result<()> {
        let Self { name, key, .. } = self;
        define(
            scoped,
            "drop table if exists pg_temp.import_diff;
             create temp table import_diff (n bigint, id bigint, stored_key bigint, since date, was_in bigint, changed boolean) on commit drop",
        )
        .await?;
        let statement = format!(
            "insert into import_diff
             select s.n, t.id, t.{key}, t.valid_from, t.scope_code, ({}) is distinct from ({})
               from import_{name} s
               left join {name} t on t.origin = $1 and t.origin_key = s.origin_key and t.valid_to is null",
            self.of("t"),
            self.of("s")
        );
        run(scoped, origin, &statement).await?;
        define(scoped, "analyze import_diff").await
    }

    /// Writes what differs: new rows, new versions, and versions of the same day where they stand.
    ///
    /// * `extra` – columns and where their values come from (aliases `s` stage, `d` difference, and those of `extra_join`)
    pub(super) async fn merge(&self, scoped: &mut Scoped, origin: &Origin, extra: &[(&str, &str)], extra_join: &str) -> Result<Merged> {
        let Self { name, key, columns } = self;
        let list = columns.join(", ");
        let each = |written: fn(&str, &str) -> String| extra.iter().map(|(column, value)| written(column, value)).collect::<String>();
        let extra_name = each(|column, _| format!(", {column}"));
        let extra_value = each(|_, value| format!(", {value}"));
        let set_extra = each(|column, value| format!(", {column} = {value}"));
        let set: Vec<String> = columns.iter().map(|column| format!("{column} = s.{column}")).collect();
        let retired = if origin.replace {
            let statement = format!(
                "update {name} t set valid_to = greatest($3, t.valid_from + 1)
                  where t.origin = $1 and t.valid_to is null
                    and not exists (select 1 from import_{name} s where s.origin_key = t.origin_key)"
            );
            run(scoped, origin, &statement).await?
        } else {
            0
        };
        // Values of the ended version are wanted below, so the ending comes last in reading but first in writing.
        let overwritten = format!(
            "update {name} t set {}{set_extra} from import_diff d join import_{name} s using (n) {extra_join}
              where t.id = d.id and d.changed and d.since >= $3",
            set.join(", ")
        );
        let overwritten = run(scoped, origin, &overwritten).await?;
        let ended = format!("update {name} t set valid_to = $3 from import_diff d where t.id = d.id and d.changed and d.since < $3");
        let ended = run(scoped, origin, &ended).await?;
        let renewed = format!(
            "insert into {name} ({key}, valid_from, {list}{extra_name}, origin, origin_key, job_id)
             select d.stored_key, $3, {}{extra_value}, $1, s.origin_key, $2
               from import_diff d join import_{name} s using (n) {extra_join}
              where d.id is not null and d.changed and d.since < $3 order by s.scope_code, s.geom",
            self.of("s")
        );
        run(scoped, origin, &renewed).await?;
        let fresh = format!(
            "insert into {name} (valid_from, {list}{extra_name}, origin, origin_key, job_id)
             select coalesce(s.valid_from, $3), {}{extra_value}, $1, s.origin_key, $2
               from import_diff d join import_{name} s using (n) {extra_join}
              where d.id is null order by s.scope_code, s.geom",
            self.of("s")
        );
        let inserted = run(scoped, origin, &fresh).await?;
        let staged: i64 = sqlx::query_scalar("select count(*) from import_diff").fetch_one(scoped.conn()).await?;
        let updated = overwritten + ended;
        Ok(Merged { inserted, updated, overwritten, unchanged: staged as u64 - inserted - updated, retired })
    }
}
