-- Row level security on every scoped table. A request sees a row where the row's scope_code lies in the ranges of the
-- right that the table asks for; unset means nothing. Owner (migrations, triggers) and feed (read model) see all.

do $$
declare
  t text;
begin
  foreach t in array array['areas', 'cells', 'households', 'facilities', 'safe_places', 'units', 'incidents', 'incident_events',
                           'incident_places', 'published_table', 'users', 'grants', 'sessions', 'api_tokens', 'jobs', 'job_faults',
                           'audit_entries', 'audit_seals']
  loop
    execute format('alter table public.%I enable row level security', t);
    execute format('alter table public.%I force row level security', t);
    execute format('create policy owner_all on public.%I to maplebridge_owner using (true) with check (true)', t);
  end loop;
  foreach t in array array['areas', 'cells', 'households', 'facilities', 'safe_places', 'incidents', 'users', 'grants']
  loop
    execute format('create policy feed_reads on public.%I for select to maplebridge_feed using (true)', t);
    execute format('grant select on public.%I to maplebridge_feed', t);
  end loop;
end $$;

grant select on basemap_features to maplebridge_app, maplebridge_feed;
grant insert, delete on basemap_features to maplebridge_app;

-- areas: own area with everything under it, and the areas above it (their names stand in every address)
grant select, insert, update, delete on areas to maplebridge_app;
create policy areas_read on areas for select to maplebridge_app
  using (int8range(code_lo, code_hi) && (select app.allowed('map')));
create policy areas_insert on areas for insert to maplebridge_app
  with check (scope_code <@ (select app.allowed('write_areas')));
create policy areas_update on areas for update to maplebridge_app
  using (scope_code <@ (select app.allowed('write_areas'))) with check (scope_code <@ (select app.allowed('write_areas')));
create policy areas_delete on areas for delete to maplebridge_app
  using (scope_code <@ (select app.allowed('write_areas')));

grant select, insert, update, delete on cells to maplebridge_app;
create policy cells_read on cells for select to maplebridge_app using (scope_code <@ (select app.allowed('map')));
create policy cells_insert on cells for insert to maplebridge_app with check (scope_code <@ (select app.allowed('write_cells')));
create policy cells_update on cells for update to maplebridge_app
  using (scope_code <@ (select app.allowed('write_cells'))) with check (scope_code <@ (select app.allowed('write_cells')));
create policy cells_delete on cells for delete to maplebridge_app using (scope_code <@ (select app.allowed('write_cells')));

grant select, insert, update, delete on households to maplebridge_app;
create policy households_read on households for select to maplebridge_app using (scope_code <@ (select app.allowed('households')));
create policy households_insert on households for insert to maplebridge_app with check (scope_code <@ (select app.allowed('write_households')));
create policy households_update on households for update to maplebridge_app
  using (scope_code <@ (select app.allowed('write_households'))) with check (scope_code <@ (select app.allowed('write_households')));
create policy households_delete on households for delete to maplebridge_app using (scope_code <@ (select app.allowed('write_households')));

grant select, insert, update, delete on facilities to maplebridge_app;
create policy facilities_read on facilities for select to maplebridge_app using (scope_code <@ (select app.allowed('map')));
create policy facilities_insert on facilities for insert to maplebridge_app with check (scope_code <@ (select app.allowed('write_facilities')));
create policy facilities_update on facilities for update to maplebridge_app
  using (scope_code <@ (select app.allowed('write_facilities'))) with check (scope_code <@ (select app.allowed('write_facilities')));
create policy facilities_delete on facilities for delete to maplebridge_app using (scope_code <@ (select app.allowed('write_facilities')));

-- safe places follow households and incidents: whoever writes either may make and close them
grant select, insert, update on safe_places to maplebridge_app;
create policy safe_places_read on safe_places for select to maplebridge_app
  using (scope_code <@ (select app.allowed('cases')) or scope_code <@ (select app.allowed('write_households'))
         or scope_code <@ (select app.allowed('write_incidents')) or scope_code <@ (select app.allowed('write_cells')));
create policy safe_places_insert on safe_places for insert to maplebridge_app
  with check (scope_code <@ (select app.allowed('write_households')) or scope_code <@ (select app.allowed('write_incidents'))
              or scope_code <@ (select app.allowed('write_cells')));
create policy safe_places_update on safe_places for update to maplebridge_app
  using (scope_code <@ (select app.allowed('write_households')) or scope_code <@ (select app.allowed('write_cells')))
  with check (scope_code <@ (select app.allowed('write_households')) or scope_code <@ (select app.allowed('write_cells')));

grant select, insert, update on units to maplebridge_app;
create policy units_read on units for select to maplebridge_app
  using (scope_code <@ (select app.allowed('map')) or scope_code <@ (select app.allowed('users')));
create policy units_insert on units for insert to maplebridge_app with check (scope_code <@ (select app.allowed('users')) or scope_code <@ (select app.allowed('imports')));
create policy units_update on units for update to maplebridge_app
  using (scope_code <@ (select app.allowed('users'))) with check (scope_code <@ (select app.allowed('users')));

-- incidents: case rights in the area, or sent to the reader's unit. An import writes without being able to read.
grant select, insert, update, delete on incidents, incident_events to maplebridge_app;
create policy incidents_read on incidents for select to maplebridge_app
  using (scope_code <@ (select app.allowed('cases')) or unit_id <@ (select app.allowed('units'))
         or (job_id is not null and scope_code <@ (select app.allowed('import_incidents'))));
create policy incidents_insert on incidents for insert to maplebridge_app
  with check (scope_code <@ (select app.allowed('write_incidents')) or scope_code <@ (select app.allowed('import_incidents')));
create policy incidents_update on incidents for update to maplebridge_app
  using (scope_code <@ (select app.allowed('write_incidents')) or unit_id <@ (select app.allowed('units'))
         or (job_id is not null and scope_code <@ (select app.allowed('import_incidents'))))
  with check (scope_code <@ (select app.allowed('write_incidents')) or unit_id <@ (select app.allowed('units'))
         or scope_code <@ (select app.allowed('import_incidents')));
create policy incidents_delete on incidents for delete to maplebridge_app
  using (job_id is not null and scope_code <@ (select app.allowed('import_incidents')));
create policy incident_events_read on incident_events for select to maplebridge_app
  using (scope_code <@ (select app.allowed('cases')) or unit_id <@ (select app.allowed('units')));
create policy incident_events_insert on incident_events for insert to maplebridge_app
  with check (scope_code <@ (select app.allowed('write_incidents')) or unit_id <@ (select app.allowed('units'))
              or scope_code <@ (select app.allowed('import_incidents')));
create policy incident_events_delete on incident_events for delete to maplebridge_app
  using (scope_code <@ (select app.allowed('import_incidents')));

-- true places: the application may put one in and can never look
grant insert on incident_places to maplebridge_app;
create policy incident_places_insert on incident_places for insert to maplebridge_app
  with check (scope_code <@ (select app.allowed('write_incidents')) or scope_code <@ (select app.allowed('import_incidents')));

grant select, insert on published_table to maplebridge_app;
create policy published_read on published_table for select to maplebridge_app using (scope_code <@ (select app.allowed('published')));
create policy published_insert on published_table for insert to maplebridge_app with check (scope_code <@ (select app.allowed('publish')));

-- accounts: `login` is held by the sign-in itself, `users` by the security administrator
grant select, insert, update on users to maplebridge_app;
grant select, insert, delete, update on grants to maplebridge_app;
grant select, insert, update, delete on sessions, api_tokens to maplebridge_app;
create policy users_read on users for select to maplebridge_app
  using (scope_code <@ (select app.allowed('users')) or scope_code <@ (select app.allowed('login')));
create policy users_insert on users for insert to maplebridge_app with check (scope_code <@ (select app.allowed('users')));
create policy users_update on users for update to maplebridge_app
  using (scope_code <@ (select app.allowed('users')) or scope_code <@ (select app.allowed('login')))
  with check (scope_code <@ (select app.allowed('users')) or scope_code <@ (select app.allowed('login')));
create policy grants_read on grants for select to maplebridge_app
  using (scope_code <@ (select app.allowed('users')) or scope_code <@ (select app.allowed('login')));
create policy grants_write on grants for insert to maplebridge_app with check (scope_code <@ (select app.allowed('users')));
create policy grants_update on grants for update to maplebridge_app
  using (scope_code <@ (select app.allowed('users'))) with check (scope_code <@ (select app.allowed('users')));
create policy grants_delete on grants for delete to maplebridge_app using (scope_code <@ (select app.allowed('users')));
create policy sessions_all on sessions to maplebridge_app
  using (scope_code <@ (select app.allowed('login')) or scope_code <@ (select app.allowed('users')))
  with check (scope_code <@ (select app.allowed('login')) or scope_code <@ (select app.allowed('users')));
create policy api_tokens_all on api_tokens to maplebridge_app
  using (scope_code <@ (select app.allowed('login')) or scope_code <@ (select app.allowed('users')))
  with check (scope_code <@ (select app.allowed('login')) or scope_code <@ (select app.allowed('users')));

grant select, insert, update on jobs to maplebridge_app;
grant select, insert, delete on job_faults to maplebridge_app;
create policy jobs_all on jobs to maplebridge_app
  using (scope_code <@ (select app.allowed('imports')) or scope_code <@ (select app.allowed('worker')))
  with check (scope_code <@ (select app.allowed('imports')) or scope_code <@ (select app.allowed('worker')));
create policy job_faults_all on job_faults to maplebridge_app
  using (scope_code <@ (select app.allowed('imports')) or scope_code <@ (select app.allowed('worker')))
  with check (scope_code <@ (select app.allowed('imports')) or scope_code <@ (select app.allowed('worker')));

-- audit: everybody's transaction adds, only auditors (and the sealer, which reads to chain) look; nobody changes
grant select, insert on audit_entries, audit_seals to maplebridge_app;
create policy audit_entries_insert on audit_entries for insert to maplebridge_app with check (true);
create policy audit_entries_read on audit_entries for select to maplebridge_app
  using (scope_code <@ (select app.allowed('audit')) or scope_code <@ (select app.allowed('seal')));
create policy audit_seals_insert on audit_seals for insert to maplebridge_app with check (scope_code <@ (select app.allowed('seal')));
create policy audit_seals_read on audit_seals for select to maplebridge_app
  using (scope_code <@ (select app.allowed('audit')) or scope_code <@ (select app.allowed('seal')));
