//! The service of wearers' pictures.

use super::{refused, tehran_day};
use crate::accounts::instant;
use crate::fields::{Fields, REFERENCE_MAX, date};
use crate::gate::{asked, caller};
use crate::reason::Wrong;
use chrono::Utc;
use proto::enrolment::photos_server::Photos;
use proto::enrolment::{AddPhotoRequest, AddPhotoResponse, GetPhotoRequest, GetPhotoResponse};
use store::{NewPhoto, PhotoSubject, Store};
use tonic::{Request, Response, Status};

/// Longest request with a picture, bytes: the picture and what is said of it. A longer one is refused.
pub(crate) const PHOTO_REQUEST_BYTES_MAX: usize = NewPhoto::BYTES_MAX + 16 * 1024;

/// Keeps and shows pictures.
pub(crate) struct PhotoService {
    store: Store,
}

impl PhotoService {
    pub(crate) fn new(store: Store) -> Self {
        Self { store }
    }
}

#[tonic::async_trait]
impl Photos for PhotoService {
    async fn add_photo(&self, request: Request<AddPhotoRequest>) -> Result<Response<AddPhotoResponse>, Status> {
        let (caller, asked) = asked(request)?;
        caller.about_wearer(&asked.wearer);
        let mut fields = Fields::default();
        let wearer = fields.text("wearer", &asked.wearer, REFERENCE_MAX);
        let picture = picture_asked(&mut fields, "picture", subject_asked(asked.subject(), asked.subject_id), asked.picture);
        fields.check()?;
        let Some(picture) = picture else { return Ok(Response::new(AddPhotoResponse::default())) };
        let added = self.store.photo_add(&caller, &wearer, &picture, Utc::now()).await;
        Ok(Response::new(AddPhotoResponse { photo_id: added.map_err(|error| refused("AddPhoto", &error))? }))
    }

    async fn get_photo(&self, request: Request<GetPhotoRequest>) -> Result<Response<GetPhotoResponse>, Status> {
        let caller = caller(&request)?;
        let GetPhotoRequest { wearer, photo_id } = request.into_inner();
        let mut fields = Fields::default();
        let wearer = fields.text("wearer", &wearer, REFERENCE_MAX);
        fields.check()?;
        caller.about_wearer(&wearer);
        caller.about(format!("photo {photo_id}"));
        let photo = self.store.photo(&caller, &wearer, photo_id).await.map_err(|error| refused("GetPhoto", &error))?;
        Ok(Response::new(GetPhotoResponse {
            photo_id: photo.photo_id,
            media_type: photo.media_type,
            picture: photo.bytes,
            recorded_at: Some(instant(photo.recorded_at)),
            recorded_on: Some(date(tehran_day(photo.recorded_at))),
            recorded_by: photo.recorded_by,
        }))
    }
}

/// What a picture shows.
fn subject_asked(subject: proto::enrolment::PhotoSubject, number: i64) -> PhotoSubject {
    match subject {
        proto::enrolment::PhotoSubject::Removal => PhotoSubject::Removal(number),
        proto::enrolment::PhotoSubject::Inspection => PhotoSubject::Inspection(number),
        proto::enrolment::PhotoSubject::Undertaking => PhotoSubject::Undertaking(number),
        proto::enrolment::PhotoSubject::Unspecified | proto::enrolment::PhotoSubject::Wearer => PhotoSubject::Wearer,
    }
}

/// A picture by its first bytes and its size; what is wrong is noted.
fn picture_asked(fields: &mut Fields, field: &str, subject: PhotoSubject, bytes: Vec<u8>) -> Option<NewPhoto> {
    if bytes.len() > NewPhoto::BYTES_MAX {
        fields.note(field, Wrong::PictureTooLarge, &[("max", NewPhoto::BYTES_MAX.to_string())]);
        return None;
    }
    let picture = NewPhoto::of(subject, bytes);
    if picture.is_none() {
        fields.note(field, Wrong::NotAPicture, &[]);
    }
    picture
}
