-- Versions that begin or end between two days: after $1, up to and with $2.
select 2::smallint as layer, id from cells where (valid_from > $1 and valid_from <= $2) or (valid_to > $1 and valid_to <= $2)
union all
select 3::smallint, id from households where (valid_from > $1 and valid_from <= $2) or (valid_to > $1 and valid_to <= $2)
union all
select 4::smallint, id from facilities where (valid_from > $1 and valid_from <= $2) or (valid_to > $1 and valid_to <= $2)
