-- What is visible now and was not in the snapshot the model equals, beside that new snapshot itself.
-- Primary: $1 = S.xmax, $2 = {}, $3 = S.xip. Standby: $1 = S.xmin, $2 = transactions from S.xmin on that are applied, $3 = {}.
select s.now::text, pg_is_in_recovery(), f.xid::text, c.xid::text, c.layer, c.ids
  from (select pg_current_snapshot() as now) s
 cross join feed.floor f
  left join lateral (
         select xid, layer, ids from feed.change where xid >= $1::text::xid8 and xid <> all ($2::text[]::xid8[])
         union all
         select xid, layer, ids from feed.change where xid = any ($3::text[]::xid8[])
       ) c on true
