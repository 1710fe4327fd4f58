-- A run takes many steps at one instant: its webhooks are rung once for all of them.

create or replace function app.ring_warnings() returns trigger
  language plpgsql security definer set search_path = public, pg_catalog, pg_temp as $$
declare
  part text;
begin
  for part in
    select string_agg(id::text, ',' order by id) from (select id, row_number() over (order by id) / 300 as nth from new_t) n group by nth order by nth
  loop
    perform pg_notify('maplebridge_warnings', part);
  end loop;
  insert into webhook_deliveries (webhook_id, scope_code, made_at, next_at)
  select w.id, w.scope_code, max(n.at), max(n.at)
    from webhooks w join new_t n
      on w.area_level = 0 or (n.scope_code >= w.scope_code and n.scope_code < w.scope_code + (10::numeric ^ (15 - w.area_level))::bigint)
   where w.active
     and not exists (select 1 from webhook_deliveries d where d.webhook_id = w.id and d.state = 'waiting' and d.attempts = 0 and d.made_at = n.at)
   group by w.id, w.scope_code;
  return null;
end $$;
comment on function app.ring_warnings is 'Tells the processes which steps were taken, and puts one ring an instant for each webhook of the area into the outbox';
