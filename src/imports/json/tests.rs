use super::super::faults::{FaultCode, RowFault, Severity};
use super::super::shared_data;
use super::super::source::{Limits, Source};
use super::{Splitter, read_feature};

/// Everything that is said of a document, and how many features it has.
fn check(bytes: &[u8]) -> (Vec<RowFault>, usize) {
    let mut faults = Vec::new();
    let source = Source::bytes("a.geojson", bytes, Limits::default()).expect("memory opens");
    let mut features = 0;
    let known = match source.know() {
        Ok(known) => known,
        Err(fault) => return (vec![fault], 0),
    };
    let mut splitter = match Splitter::open(&known) {
        Ok(splitter) => splitter,
        Err(fault) => return (vec![fault], 0),
    };
    let mut piece = Vec::new();
    while let Some(read) = splitter.read(&mut piece) {
        match read {
            Ok(row) => {
                features += 1;
                read_feature(&piece, row, Limits::default(), &mut faults);
            }
            Err(fault) => faults.push(fault),
        }
    }
    (faults, features)
}

fn codes(text: &str) -> Vec<&'static str> {
    check(text.as_bytes()).0.iter().map(|fault| fault.code.name()).collect()
}

#[test]
fn all_published_cases_are_judged_as_expected() {
    let Some(data) = shared_data("messy/geojson_cases.csv") else { return };
    let mut cases = csv::Reader::from_path(&data).expect("the list opens");
    let mut tally = [0; 4];
    for case in cases.records() {
        let case = case.expect("the list is sound");
        let bytes = std::fs::read(data.with_file_name("geojson").join(&case[0])).expect("the case is there");
        let (faults, _) = check(&bytes);
        let any = |severity: Severity| faults.iter().any(|fault| fault.severity() == severity);
        let verdict = match () {
            () if faults.iter().any(|fault| fault.code == FaultCode::NotJson) => 0,
            () if any(Severity::Fault) => 1,
            () if any(Severity::Warning) => 2,
            () => 3,
        };
        let expected = match &case[7] {
            "reject: not JSON" => 0,
            text if text.starts_with("report") => 1,
            text if text.starts_with("may be") => 2,
            _ => 3,
        };
        assert_eq!(verdict, expected, "{}: {faults:?}", &case[0]);
        tally[verdict] += 1;
    }
    assert_eq!(tally, [1, 39, 3, 19]);
}

#[test]
fn every_type_of_geometry_is_read_with_and_without_heights() {
    let Some(data) = shared_data("messy/geojson_cases.csv") else { return };
    let mut seen = 0;
    for file in std::fs::read_dir(data.with_file_name("geojson")).expect("the folder opens") {
        let file = file.expect("the folder is sound").path();
        if file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("fixture_")) {
            let (faults, features) = check(&std::fs::read(&file).expect("the case is there"));
            assert!(faults.iter().all(|fault| fault.severity() == Severity::Warning), "{file:?}: {faults:?}");
            assert!(features > 0, "{file:?}");
            seen += 1;
        }
    }
    assert_eq!(seen, 16);
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let ring = r#"{"type":"Polygon","coordinates":[[[0,0],[4,0],[4,4],[0,0]],[[1,1],[1,2],[2,2],[1,1.5]]]}"#;
    let (faults, _) = check(ring.as_bytes());
    let told: Vec<_> = faults.iter().map(|fault| (fault.code, fault.args.join(" "))).collect();
    assert_eq!(told, [(FaultCode::RingOpen, "coordinates/1".to_owned())]);
    assert_eq!(codes(r#"{"type":"LineString","coordinates":[[1,2],["3",4]]}"#), ["position_number"]);
    assert_eq!(codes(r#"{"type":"polygon","coordinates":[]}"#), ["type_unknown"]);
    assert_eq!(
        codes(r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"a":1,"a":2},"geometry":null}]}"#),
        ["duplicate_member"]
    );
}

#[test]
fn lines_of_features_go_on_after_a_broken_one() {
    let good = r#"{"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[1,2]}}"#;
    let text = format!("{good}\n{{\"type\":\"Feature\",\n\n\u{1e}{good}\r\n{good}");
    let (faults, features) = check(text.as_bytes());
    assert_eq!(features, 4);
    assert_eq!(faults.iter().map(|fault| (fault.row, fault.code)).collect::<Vec<_>>(), [(2, FaultCode::NotJson)]);
}

#[test]
fn a_document_that_breaks_off_is_told_and_what_came_before_is_read() {
    let text = r#"{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":null},{"type":"Fea"#;
    let (faults, features) = check(text.as_bytes());
    assert_eq!((features, faults.len(), faults[0].code), (1, 1, FaultCode::NotJson));
    let deep = format!("{{\"type\":\"FeatureCollection\",\"features\":[{}", "[".repeat(1_000_000));
    assert_eq!(codes(&deep), ["too_deep"]);
    assert_eq!(codes("{}"), ["type_missing"]);
    assert_eq!(codes(r#"{"type":"FeatureCollection","features":[],}"#), ["not_json"]);
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(text in r#"[\{\}\[\]",:0-9a-z\\ \n\x1e-]{0,60}"#) {
        check(text.as_bytes());
        check(format!(r#"{{"type":"FeatureCollection","features":[{text}]}}"#).as_bytes());
        check(format!(r#"{{"type":"Polygon","coordinates":[{text}]}}"#).as_bytes());
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(0_u8..=255, 0..200)) {
        check(&bytes);
        check(&[b"{", bytes.as_slice()].concat());
    }
}
