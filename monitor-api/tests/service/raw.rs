//! Calls by a method's path, whatever its messages are: what a hostile client would send.

use crate::house::{As, PATIENCE};
use bytes::{Buf, BufMut};
use http::uri::PathAndQuery;
use prost::Message;
use tokio::time::timeout;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::Channel;
use tonic::{Request, Status};
use tonic_types::StatusExt;

/// Bytes as they are.
#[derive(Default)]
struct AsTheyAre;

impl Codec for AsTheyAre {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for AsTheyAre {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for AsTheyAre {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut item = vec![0; buffer.remaining()];
        buffer.copy_to_slice(&mut item);
        Ok(Some(item))
    }
}

/// The answers to `message`; of a stream that never ends the first.
pub async fn send(channel: &Channel, path: &str, who: &As, message: Vec<u8>) -> Result<Vec<Vec<u8>>, Status> {
    let mut client = Grpc::new(channel.clone());
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let path: PathAndQuery = path.parse().unwrap();
    let never_ends = path.path().ends_with("/Watch");
    let answering = client.server_streaming(who.says(Request::new(message)), path, AsTheyAre);
    let mut answers = timeout(PATIENCE, answering).await.expect("an answer comes")?.into_inner();
    let mut all = Vec::new();
    while let Some(answer) = timeout(PATIENCE, answers.message()).await.expect("the answer ends")? {
        all.push(answer);
        if never_ends {
            break;
        }
    }
    Ok(all)
}

/// The one answer to a message.
pub async fn ask<T: Message + Default>(channel: &Channel, path: &str, who: &As, message: &impl Message) -> Result<T, Status> {
    let answers = send(channel, path, who, message.encode_to_vec()).await?;
    Ok(T::decode(answers[0].as_slice()).unwrap())
}

/// Why a call is refused; `None` for an answer, and for what is no refusal of this service.
pub fn reason_of<T>(answer: &Result<T, Status>) -> Option<String> {
    answer.as_ref().err().and_then(|status| status.get_details_error_info()).map(|info| info.reason)
}
