//! Well-known text, as tables carry geometry: OGC forms with Z, M and EMPTY, and `SRID=…;` before them.

use geo_types::{Coord, Geometry, GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon};

/// Reads WKT. Heights and measures are dropped. Returns the geometry (`None` if `EMPTY`) and the SRID where it stands there.
pub fn parse(text: &str) -> Result<(Option<Geometry<f64>>, Option<u32>), String> {
    let text = text.trim();
    let (srid, text) = match text.split_once(';') {
        Some((srid, rest)) if srid.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("srid=")) => {
            (Some(srid[5..].trim().parse().map_err(|_| format!("“{srid}”"))?), rest)
        }
        _ => (None, text),
    };
    let mut reader = Reader { rest: text };
    let shape = reader.shape(0)?;
    reader.skip();
    if reader.rest.is_empty() { Ok((shape, srid)) } else { Err(reader.unexpected()) }
}

struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn unexpected(&self) -> String {
        if self.rest.is_empty() {
            return "the text ends too early".to_owned();
        }
        format!("“{}”", self.rest.chars().take(20).collect::<String>())
    }

    fn word(&mut self) -> &'a str {
        self.skip();
        let end = self.rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn sign(&mut self, sign: char) -> bool {
        self.skip();
        self.rest.strip_prefix(sign).map(|rest| self.rest = rest).is_some()
    }

    fn open(&mut self) -> Result<(), String> {
        if self.sign('(') { Ok(()) } else { Err(self.unexpected()) }
    }

    fn shape(&mut self, depth: usize) -> Result<Option<Geometry<f64>>, String> {
        let kind = self.word().to_ascii_uppercase();
        let mut kind = kind.as_str();
        for ending in ["ZM", "Z", "M"] {
            kind = kind.strip_suffix(ending).unwrap_or(kind);
        }
        let before = self.rest;
        let next = self.word().to_ascii_uppercase();
        let is_empty = match next.as_str() {
            "" => false,
            "EMPTY" => true,
            "Z" | "M" | "ZM" => {
                let before = self.rest;
                let empty = self.word().eq_ignore_ascii_case("EMPTY");
                if !empty {
                    self.rest = before;
                }
                empty
            }
            _ => {
                self.rest = before;
                return Err(self.unexpected());
            }
        };
        let known = ["POINT", "MULTIPOINT", "LINESTRING", "LINEARRING", "MULTILINESTRING", "POLYGON", "MULTIPOLYGON", "GEOMETRYCOLLECTION"];
        if !known.contains(&kind) {
            return Err(format!("“{kind}”"));
        }
        if is_empty {
            return Ok(None);
        }
        Ok(Some(match kind {
            "POINT" => {
                self.open()?;
                let at = self.position()?;
                if !self.sign(')') {
                    return Err(self.unexpected());
                }
                Geometry::Point(Point(at))
            }
            "MULTIPOINT" => Geometry::MultiPoint(MultiPoint::new(self.list(|own| {
                let inner = own.sign('(');
                let at = own.position()?;
                if inner && !own.sign(')') { Err(own.unexpected()) } else { Ok(Point(at)) }
            })?)),
            "LINESTRING" | "LINEARRING" => Geometry::LineString(self.line()?),
            "MULTILINESTRING" => Geometry::MultiLineString(MultiLineString::new(self.list(Self::line)?)),
            "POLYGON" => Geometry::Polygon(self.polygon()?),
            "MULTIPOLYGON" => Geometry::MultiPolygon(MultiPolygon::new(self.list(Self::polygon)?)),
            _ if depth > 8 => return Err("collections too deep".to_owned()),
            _ => {
                let parts = self.list(|own| own.shape(depth + 1))?;
                Geometry::GeometryCollection(GeometryCollection::from(parts.into_iter().flatten().collect::<Vec<_>>()))
            }
        }))
    }

    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T, String>) -> Result<Vec<T>, String> {
        self.open()?;
        let mut items = Vec::new();
        loop {
            items.push(item(self)?);
            if self.sign(')') {
                return Ok(items);
            }
            if !self.sign(',') {
                return Err(self.unexpected());
            }
        }
    }

    /// Nothing where `EMPTY` stands for a part.
    fn empty_part(&mut self) -> bool {
        let before = self.rest;
        let empty = self.word().eq_ignore_ascii_case("EMPTY");
        if !empty {
            self.rest = before;
        }
        empty
    }

    fn line(&mut self) -> Result<LineString<f64>, String> {
        if self.empty_part() {
            return Ok(LineString::new(Vec::new()));
        }
        Ok(LineString::new(self.list(Self::position)?))
    }

    fn polygon(&mut self) -> Result<Polygon<f64>, String> {
        if self.empty_part() {
            return Ok(Polygon::new(LineString::new(Vec::new()), Vec::new()));
        }
        let mut rings = self.list(Self::line)?;
        if rings.iter().any(|ring| !ring.0.is_empty() && (ring.0.len() < 4 || !ring.is_closed())) {
            return Err("a ring is not closed or has fewer than four points".to_owned());
        }
        let shell = rings.remove(0);
        Ok(Polygon::new(shell, rings))
    }

    fn position(&mut self) -> Result<Coord<f64>, String> {
        let x = self.number()?.ok_or_else(|| self.unexpected())?;
        let y = self.number()?.ok_or_else(|| self.unexpected())?;
        for _ in 0..2 {
            if self.number()?.is_none() {
                break;
            }
        }
        Ok(Coord { x, y })
    }

    fn number(&mut self) -> Result<Option<f64>, String> {
        self.skip();
        let end = self.rest.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E')).unwrap_or(self.rest.len());
        if end == 0 {
            return Ok(None);
        }
        let number = self.rest[..end].parse::<f64>().ok().filter(|number| number.is_finite()).ok_or_else(|| self.unexpected())?;
        self.rest = &self.rest[end..];
        Ok(Some(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_in_all_their_spellings() {
        let point = Geometry::Point(Point::new(1.0, -2.5));
        for text in ["POINT(1 -2.5)", "point z (1 -2.5 7)", "POINTZM(1 -2.5 3 4)", " Point ( 1.0e0 -25e-1 ) "] {
            assert_eq!(parse(text), Ok((Some(point.clone()), None)), "{text}");
        }
        assert_eq!(parse("SRID=4490;POINT(1 -2.5)"), Ok((Some(point), Some(4490))));
        assert_eq!(parse("POLYGON Z EMPTY"), Ok((None, None)));
        assert_eq!(parse("MULTIPOINT((1 2),(3 4))"), parse("MULTIPOINT(1 2, 3 4)"));
        assert!(parse("MULTIPOLYGON(((0 0,1 0,1 1,0 0)),EMPTY)").is_ok());
        assert!(parse("GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(1 2,3 4))").is_ok());
        for text in ["", "POINT", "POINT(1)", "POINT(1 2", "POINT(1 2) x", "POINT(1 nan)", "CURVE(1 2)", "POLYGON((0 0,1 0,1 1))", "POLYGON(())"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,30}", near in "(POINT|POLYGON|MULTIPOLYGON|GEOMETRYCOLLECTION)[ ZM]{0,2}[(),0-9 .eE-]{0,30}") {
            let _ = parse(&text);
            let _ = parse(&near);
        }
    }
}
