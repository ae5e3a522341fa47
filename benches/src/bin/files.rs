//! What it takes to find, list and fetch a file among a million, beside the same questions put plainly: ILIKE without an index, and a row by its key.

use access::Caller;
use anyhow::{Context, Result};
use clap::Parser;
use std::time::{Duration, Instant};
use store::testing::{TestDatabase, staff};
use store::{Store, WearerFilter, WearerPlace};
use tokio_postgres::Client;

/// Searches, lists and fetches in a database of its own, on the server that PABAND_TEST_DATABASE_URL names or on a private one.
#[derive(Parser)]
struct Args {
    /// Wearers, with names as common as in Iran.
    #[arg(long, default_value_t = 1_000_000)]
    wearers: i64,
    /// Questions of each kind.
    #[arg(long, default_value_t = 300)]
    questions: usize,
    /// Files in an answer.
    #[arg(long, default_value_t = 50)]
    page: u32,
}

const GIVEN: &str = "محمد علی حسین رضا مهدی احمد حسن عباس امیر سعید محسن مصطفی ابوالفضل جواد مجید حمید محمود ابراهیم اسماعیل یوسف اکبر اصغر قاسم \
    ناصر داود فرهاد بهرام کامران کوروش داریوش آرش بابک پیمان کیوان سیاوش نیما پویا آرمان سهراب فریبرز جمشید هوشنگ منوچهر ایرج بیژن پرویز خسرو \
    شاهین شهرام مهران مهرداد بهزاد بهنام فرزاد فاطمه زهرا مریم زینب معصومه سمیه لیلا نرگس شیرین پروین";
const FAMILY: &str = "محمدی حسینی احمدی رضایی مرادی حیدری کریمی موسوی جعفری قاسمی رحیمی هاشمی صادقی ابراهیمی اکبری نوری عباسی علیزاده یوسفی نجفی \
    امیری شریفی سلیمانی طاهری باقری نظری جمالی زارعی صالحی کاظمی اسدی فتحی بهرامی خسروی عزیزی شفیعی میرزایی قربانی غلامی حسن‌زاده رستمی اسماعیلی \
    داودی فرهادی بهزادی کیانی پهلوانی زندی افشار قاجار بختیاری";
const ENDING: &str = "نژاد پور زاده فر نیا منش دوست خواه راد";
const TOWN: &str = "تهرانی اصفهانی شیرازی یزدی کرمانی مشهدی تبریزی همدانی قمی کاشانی گیلانی خراسانی سمنانی اهوازی بوشهری زنجانی";

/// 31 provinces with 10 prisons each, of which some hold far more than others.
const UNITS: &str = "
    INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on) SELECT 'province-' || n, 1, 'province', 'استان', 'Province', true FROM generate_series(1, 31) AS n;
    INSERT INTO units (code, parent_id, kind, name_fa, name_en, is_on)
        SELECT p.code || '-' || n, p.unit_id, 'prison', 'زندان', 'Prison', true FROM units p, generate_series(1, 10) AS n WHERE p.kind = 'province'";

/// The likeliest given name is one in 13, the likeliest family name one in 14; half of the families have a second word or an ending.
const WEARERS: &str = "
    INSERT INTO wearers (reference, unit_id, national_id, given_name, family_name, name, father_name, birth_date, file_numbers, contacts)
    SELECT '1405/' || lpad(n::text, 7, '0'), 33 + floor(power(r[1], 2) * 310)::bigint, lpad((n * 7919 % 10000000000)::text, 10, '0'), given, family,
        given || ' ' || family, father, date '1950-01-01' + (r[2] * 20000)::int, ARRAY['P-' || n],
        jsonb_build_array(jsonb_build_object('kind', 'phone', 'value', '09' || lpad((r[3] * 1000000000)::bigint::text, 9, '0'), 'whose', ''))
    FROM (
        SELECT n, r, names.given[1 + floor(power(r[4], 1.6) * array_length(names.given, 1))::int]
                || CASE WHEN r[5] < 0.15 THEN ' ' || names.given[1 + floor(power(r[6], 1.6) * array_length(names.given, 1))::int] ELSE '' END AS given,
            CASE WHEN r[7] < 0.3 THEN names.given[1 + floor(r[8] * array_length(names.given, 1))::int] || names.ending[1 + floor(r[9] * array_length(names.ending, 1))::int]
                ELSE names.family[1 + floor(power(r[8], 1.5) * array_length(names.family, 1))::int] END
                || CASE WHEN r[10] < 0.25 THEN ' ' || names.town[1 + floor(power(r[11], 1.5) * array_length(names.town, 1))::int] ELSE '' END AS family,
            names.given[1 + floor(power(r[12], 1.6) * array_length(names.given, 1))::int] AS father
        FROM (SELECT n, ARRAY[random(), random(), random(), random(), random(), random(), random(), random(), random(), random(), random(), random()] AS r
            FROM generate_series($1::bigint, $2::bigint) AS n) drawn,
            (SELECT string_to_array($3, ' ') AS given, string_to_array($4, ' ') AS family, string_to_array($5, ' ') AS ending, string_to_array($6, ' ') AS town) names
    ) AS made";

/// Wearers as they come: what people search for is as common as those who have it.
const SAMPLE: &str = "
    SELECT reference, given_name, family_name, national_id, contacts -> 0 ->> 'value', sort_name, wearer_id
    FROM wearers WHERE wearer_id = ANY (SELECT 1 + floor(random() * $2::bigint)::bigint FROM generate_series(1, $1::bigint)) ORDER BY random()";

struct Person {
    reference: String,
    given: String,
    family: String,
    national_id: String,
    phone: String,
    place: WearerPlace,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    let database = TestDatabase::create().await;
    let store = database.store().await;
    let client = database.client().await;
    let begun = Instant::now();
    fill(&client, args.wearers).await?;
    println!("{} wearers made in {:.0} s", args.wearers, begun.elapsed().as_secs_f64());
    let everybody = staff();
    let mut province = everybody.clone();
    // The one with the most wearers.
    province.roots = vec![client.query_one("SELECT unit_id FROM units WHERE code = 'province-1'", &[]).await?.get(0)];
    let people = sample(&client, &args).await?;
    for (who, caller) in [("the central unit", &everybody), ("the largest province", &province)] {
        searches(&store, caller, who, &people, args.page).await?;
        lists(&store, caller, who, &people, args.page).await?;
    }
    fetches(&store, &client, &everybody, &people).await?;
    plainly(&client, &people, args.page).await
}

async fn fill(client: &Client, wearers: i64) -> Result<()> {
    client.batch_execute(UNITS).await?;
    // The indexes as the migrations made them, taken away and built when everything is there.
    let indexes = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'wearers' AND indexname LIKE 'wearers_%' AND indexname NOT LIKE '%key'
        AND indexname NOT LIKE '%pkey'";
    let indexes = client.query(indexes, &[]).await?;
    for index in &indexes {
        client.batch_execute(&format!("DROP INDEX {}", index.get::<_, &str>(0))).await?;
    }
    for first in (1..=wearers).step_by(100_000) {
        let last = (first + 99_999).min(wearers);
        client.execute(WEARERS, &[&first, &last, &GIVEN, &FAMILY, &ENDING, &TOWN]).await?;
    }
    for index in &indexes {
        client.batch_execute(index.get(1)).await?;
    }
    client.batch_execute("VACUUM ANALYZE").await?;
    Ok(())
}

async fn sample(client: &Client, args: &Args) -> Result<Vec<Person>> {
    let rows = client.query(SAMPLE, &[&i64::try_from(args.questions)?, &args.wearers]).await?;
    let person = |row: &tokio_postgres::Row| Person {
        reference: row.get(0),
        given: row.get(1),
        family: row.get(2),
        national_id: row.get(3),
        phone: row.get(4),
        place: WearerPlace { stretch: 0, sort_name: row.get(5), wearer_id: row.get(6) },
    };
    Ok(rows.iter().map(person).collect())
}

/// What somebody types who looks for a person.
type Typed = fn(&Person) -> String;

/// What a clerk may type.
const KINDS: [(&str, Typed); 9] = [
    ("a given name", |person| person.given.clone()),
    ("the first word of a family name", |person| first_word(&person.family)),
    ("a whole family name", |person| person.family.clone()),
    ("given and family name", |person| format!("{} {}", person.given, person.family)),
    ("three letters of a family name", |person| person.family.chars().take(3).collect()),
    ("the middle of a family name", |person| person.family.chars().skip(1).take(4).collect()),
    ("five digits in the middle of a national id", |person| person.national_id.chars().skip(3).take(5).collect()),
    ("the last six digits of a telephone", |person| person.phone.chars().skip(5).collect()),
    ("what nobody is called", |person| format!("{}xq", first_word(&person.family))),
];

fn first_word(text: &str) -> String {
    text.split(' ').next().unwrap_or_default().to_owned()
}

async fn searches(store: &Store, caller: &Caller, who: &str, people: &[Person], page: u32) -> Result<()> {
    let mut all = Vec::new();
    for (kind, typed) in KINDS {
        let mut took = Vec::new();
        for person in people {
            let filter = WearerFilter { words: enrolment::search_words(&typed(person)), limit: page, ..WearerFilter::default() };
            let begun = Instant::now();
            store.wearer_list(caller, &filter).await?;
            took.push(begun.elapsed());
        }
        told(&format!("search by {who}: {kind}"), &mut took);
        all.extend(took);
    }
    told(&format!("search by {who}: ALL"), &mut all);
    Ok(())
}

async fn lists(store: &Store, caller: &Caller, who: &str, people: &[Person], page: u32) -> Result<()> {
    let mut took = Vec::new();
    for person in people {
        let filter = WearerFilter { after: Some(person.place.clone()), limit: page, ..WearerFilter::default() };
        let begun = Instant::now();
        store.wearer_list(caller, &filter).await?;
        took.push(begun.elapsed());
    }
    told(&format!("list by {who}: a page anywhere"), &mut took);
    Ok(())
}

async fn fetches(store: &Store, client: &Client, caller: &Caller, people: &[Person]) -> Result<()> {
    let by_key = client.prepare("SELECT * FROM wearers WHERE wearer_id = $1").await?;
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for person in people {
        let begun = Instant::now();
        store.wearer_file(caller, &person.reference).await?;
        ours.push(begun.elapsed());
        let begun = Instant::now();
        client.query_one(&by_key, &[&person.place.wearer_id]).await?;
        plain.push(begun.elapsed());
    }
    told("fetch: a file with its tag, order, picture and reach", &mut ours);
    told("fetch, plainly: a row by its key", &mut plain);
    Ok(())
}

/// The peer: the same search without anything built for it. Twenty are enough to know.
async fn plainly(client: &Client, people: &[Person], page: u32) -> Result<()> {
    let mut took = Vec::new();
    for person in people.iter().take(20) {
        let text = format!("%{}%", person.family);
        let begun = Instant::now();
        let sql = "SELECT * FROM wearers WHERE name ILIKE $1 ORDER BY name LIMIT $2";
        client.query(sql, &[&text, &i64::from(page)]).await.context("the plain search")?;
        took.push(begun.elapsed());
    }
    told("search, plainly: name ILIKE '%family name%', no index", &mut took);
    Ok(())
}

fn told(what: &str, took: &mut [Duration]) {
    took.sort();
    let at = |share: f64| {
        took.get(((took.len() as f64 * share) as usize).min(took.len().saturating_sub(1))).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    println!("{what}: p50 {:.1} ms, p99 {:.1} ms, slowest {:.1} ms", at(0.5), at(0.99), at(1.0));
}
