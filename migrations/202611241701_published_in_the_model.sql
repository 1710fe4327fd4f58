-- Published numbers are read by the map (heat for those without case rights): the feed's role may read them, and hears of them.
drop policy if exists feed_reads on published_table;
create policy feed_reads on published_table for select to maplebridge_feed using (true);
grant select on published_table to maplebridge_feed;

create or replace trigger feed_i after insert on published_table
  referencing new table as new_t for each statement execute function feed.note(7);
create or replace trigger feed_u after update on published_table
  referencing new table as new_t old table as old_t for each statement execute function feed.note(7);
create or replace trigger feed_d after delete on published_table
  referencing old table as old_t for each statement execute function feed.note(7);
create or replace trigger feed_t after truncate on published_table
  for each statement execute function feed.note(7);
alter table published_table enable always trigger feed_i;
alter table published_table enable always trigger feed_u;
alter table published_table enable always trigger feed_d;
alter table published_table enable always trigger feed_t;

comment on column feed.change.layer is '1 areas, 2 cells, 3 households, 4 facilities, 5 incidents, 6 base map, 7 published numbers, 10 accounts';
