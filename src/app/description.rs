//! What every operation has in common, written into the description once: who may ask, and how anything that fails is told.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, Response, ResponseBuilder};

use crate::users::signin::COOKIE;

const PROBLEM: &str = "#/components/schemas/Problem";
const PROBLEM_MIME: &str = "application/problem+json";

/// The description with what is common to all.
pub(super) fn complete(mut described: OpenApi) -> OpenApi {
    for path in described.paths.paths.values_mut() {
        let operations = [&mut path.get, &mut path.put, &mut path.post, &mut path.delete, &mut path.patch];
        for operation in operations.into_iter().flatten() {
            for response in operation.responses.responses.values_mut() {
                if let RefOr::T(response) = response {
                    as_problem(response);
                }
            }
            let told = ResponseBuilder::new().description("Anything that fails is told as a problem (RFC 9457)").content(PROBLEM_MIME, problem());
            operation.responses.responses.insert("default".into(), RefOr::T(told.build()));
        }
    }
    let components = described.components.get_or_insert_default();
    components.add_security_scheme("token", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE))));
    let none: [&str; 0] = [];
    described.security = Some(vec![SecurityRequirement::new("token", none), SecurityRequirement::new("session", none)]);
    described
}

fn problem() -> Content {
    Content::new(Some(Ref::new(PROBLEM)))
}

/// A problem has a media type of its own, whatever the operation says.
fn as_problem(response: &mut Response) {
    let is_problem = |content: &Content| matches!(&content.schema, Some(RefOr::Ref(it)) if it.ref_location == PROBLEM);
    if response.content.values().any(is_problem) {
        response.content.clear();
        response.content.insert(PROBLEM_MIME.into(), problem());
    }
}
