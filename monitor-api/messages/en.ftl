# What callers are told when something is refused: what happened, and what to do next.
#
# The name of a message is its code in lower case with dashes (UNKNOWN_ALERT: unknown-alert); what is wrong with one field has the
# prefix "field-", what is found wrong with a zone "found-". fa.ftl has the same messages with the same variables.
#
# { DATETIME($at) } shows an instant in Tehran time. { NUMBER($n) -> ... } chooses between singular and plural; { $n } shows the number.

## Any call

invalid-fields = Some entries are not right. { $fields }. Correct them and send again.
database-away = The server cannot reach its database now. Try again shortly, and look first whether what you were changing was done; if this lasts, tell the administrator.
database-refused = The database refused this. Tell the administrator: the server's log says why.
internal = The server failed by a fault of its own. Tell the administrator when this happened: the server's log says why.

## Alerts and their stream

unknown-alert = There is no alert { $alert } among those that you may see. Check the number, or look for the alert in the list.
already-acknowledged = { $by } took this alert on at { DATETIME($at) }. Speak to them if you have something to add.
already-ended = This alert ended at { DATETIME($at) }. Read how it ended; there is nothing left to close.
closes-by-report = An alert of this kind ends by what the tag reports, not by a person. Acknowledge it and go on watching until it ends.
not-proved = The stored reports do not show alert { $alert }: it may have been refuted since, or the reports were deleted after their time. See how it was corrected.
concerns-no-wearer = Alert { $alert } concerns no wearer, but an area or a tag that nobody registered: there are no reports of a wearer to show.
too-many-watchers = { $watchers_max } screens are watching alerts, and more are not allowed. Close one that nobody looks at, or ask the administrator to raise the limit.
stopping = The server is stopping. Your screen goes on where it was as soon as it is back; if that takes minutes, tell the administrator.
too-slow = This screen took alerts more slowly than they came and was cut off. It goes on where it was when it connects again; if this returns, check the network and the computer.
events-missing = Events { $first } to { $last } of the alerts are missing in the database. Load the list of alerts anew so that none is overlooked, and tell the administrator.
sequence-in-future = Event { $asked } is beyond the newest one, { $newest }: the database is older than what was shown here, perhaps restored from a backup. Load the list of alerts anew, and tell the administrator.

## Tags

unknown-tag = No tag has the number { $imei }. Check it against the one on the tag.
tag-not-connected = The tag is not connected now, and nobody knows when it will be. Send the command again after its next report.
command-not-supported = This type of tag cannot carry out this command. Reach the wearer another way.
tag-busy = Too many commands are waiting for this tag. Wait until they are answered, then send again.

## The inventory

tag-known = A tag with the IMEI { $imei } is registered already. Look for it in the inventory; if another unit answers for it, ask that unit to send it to you.
serial-known = Another tag has the serial number { $serial }. Compare it with what is printed on the tag.
tag-is-worn = Somebody wears tag { $imei }. Record its removal first, or take another tag.
tag-being-fitted = Tag { $imei } is being put on somebody. Complete or give up that fitting first, or take another tag.
tag-on-the-way = Tag { $imei } is on its way to another unit. It can be used once it was received there, or once its transfer was cancelled.
tag-not-usable = Tag { $imei } cannot be put on: it is { $shown }. Take another tag, or correct its state in the inventory.
tag-state-step = A tag that is { $shown_from } does not become { $shown_to }. See which states can follow, and choose one of them.
unknown-transfer = There is no such transfer that your unit may decide about. Look for it in the list of transfers.
transfer-over = This transfer was received or cancelled already. See the list of transfers for what came of it.

tag-state-in-stock = in stock
tag-state-returned = returned
tag-state-faulty = faulty
tag-state-lost = lost
tag-state-retired = retired

## Fittings and removals

wearer-has-tag = The wearer has tag { $imei } on. Exchange it, or record its removal first.
wearer-has-no-tag = The wearer has no tag on. See the wearer's fittings.
wearer-being-fitted = Somebody is putting a tag on this wearer already: fitting { NUMBER($installation) } is open. Go on with that one, or give it up first.
unknown-installation = There is no such fitting under way in your units. Look for it in the list of open fittings.
installation-over = This fitting was completed or given up already. See the wearer's fittings for what came of it.
installation-of-other-kind = This is a replacement where a first fitting was meant, or the other way round. Open it from the list of open fittings and complete it there.
fitting-incomplete = The tag cannot count as fitted yet. In the way: { $shown }. See to these items of the checklist and complete the fitting then.
item-not-overridable = This cannot be let pass: { $shown }. Monitoring stands on it; see to it, or give the fitting up.
fitting-overlaps = Another fitting of this wearer or this tag is recorded for that time. See the wearer's fittings.
second-person-needed = This concerns somebody who is monitored: a second person must confirm it. Propose it.
unknown-photo-subject = This wearer has no fitting, inspection or installation of that number. Open the file anew and choose what the picture shows.
unknown-photo = There is no photo { NUMBER($photo) } among those that you may see. Add the photo to the wearer's file first, or open the pictures of the file again.

checklist-order-in-force = an order is in force
checklist-zones-valid = a zone is in force
checklist-home-inspected = the home was found suitable
checklist-tag-heard = the tag is heard
checklist-strap-closed = the strap is closed
checklist-battery = the battery is charged
checklist-fix-inside-zone = the position is inside the zone
checklist-deposit = the deposit is recorded
checklist-undertaking = the undertaking is signed

todo-record-order = Record the order first, or check whether this is the right file.
todo-resume-order = The order is suspended: record that it goes on.
todo-draw-zone = Draw an inclusion zone that is in force now.
todo-repair-zone = Draw this zone again: as it is, nobody could be judged by it.
todo-inspect-home = Have the home inspected and record the result.
todo-wake-tag = Switch the tag on, charge it if need be, and wait where there is a network.
todo-close-strap = Close the strap until it clicks and wait for the next report.
todo-await-strap = The tag has not said yet how its strap is: wait for its next report.
todo-charge-battery = Charge the tag before the wearer leaves.
todo-await-battery = The tag has not said yet how its battery is: wait for its next report.
todo-await-fix = Wait for a fresh position; under the open sky it comes sooner.
todo-go-to-zone = Go into the zone with the wearer; if the tag is fitted elsewhere, let this pass and say where.
todo-leave-forbidden-zone = The wearer is inside a forbidden zone: leave it, or check how it was drawn.
todo-record-deposit = Record the deposit's receipt, or that none is needed. The fitting does not wait for it.
todo-sign-undertaking = Have the wearer sign the undertaking.

## Who calls, and what for

not-logged-in = You are not logged in. Log in, then try again.
session-ended = Your session is over: it ran out, or it was ended. Log in again.
not-allowed = Your role or your unit does not allow this. If your work needs it, ask the administrator for the role.
not-declared = Nobody has declared who may do this, so nobody may. Tell the administrator.
machine-only = Only other services may call this, with a certificate of their own. Use the console for your work.
person-only = Only a person may do this. Log in with your own name.
other-origin = This came from a page that does not belong to this server, and nothing was done. Open the console at its own address and try again.
purpose-needed = This shows where a person is or was. Say for what purpose you need to see it, then ask again.
purpose-unknown = This purpose is not in the list of purposes. Choose one from the list.
purpose-too-narrow = This shows places, and your purpose needs none. Choose a purpose that needs them, such as handling an alert, if that is what you do.
case-needed = This purpose needs a case number. Enter the number of the case, then ask again.
idempotency-key-needed = The program did not say under which key this change is to be made once. Tell the administrator; nothing was changed.
idempotency-key-used = The program used the key of an earlier change for this one. Nothing was changed: reload the page and try again.
version-changed = Somebody else changed this while you were working on it; it is at version { NUMBER($version) } now. Nothing of yours was saved: look at it again, then make your change.
reauthentication-needed = This step needs your password once more. Enter it, then try again.
second-factor-needed = Your role needs a second factor. Enter the code of your authenticator app; if you have none yet, set it up first.
password-change-needed = Your password must be changed before you go on. Choose a new one.

## Logging in, passwords and sessions

log-in-refused = The name, the password or the code is not right. Check them and try again; if you have forgotten the password, ask the administrator.
log-in-locked = There were too many wrong attempts, and logging in is locked. Try again after { NUMBER($seconds) ->
        [one] { $seconds } second
       *[other] { $seconds } seconds
    }. If it was not you who tried, tell the administrator.
too-many-log-ins = Many people are logging in at this moment. Try again in a few seconds.
password-too-weak = This password is too easy to guess. Choose a longer one, without your name and without words that many people use.
password-used-before = You have used this password before. Choose a new one.
code-wrong = The code is not right, or has been used. Wait for the next code of the app and enter that; also check the clock of your phone.
unknown-session = There is no such session; it may have ended already. Load the list of sessions anew.

## People, units, roles and machines

unknown-person = There is no such person among those that you may see. Check the name, or look in the list.
name-taken = Another person has this user name. Choose a different one.
unknown-unit = There is no such unit among those that you may see. Choose one from the list.
unit-not-on = This unit is not switched on yet. Switch it on first, or choose another.
unit-code-taken = Another unit has this code. Choose a different one.
unknown-wearer = There is no such wearer among those that you may see. Check the file number, or look in the list.
unknown-role = There is no such role. Choose one from the list.
central-unit-stays = The central unit cannot be switched off: nobody could do anything any more. Switch off the province or room instead.
central-role = This role can be held in the central unit alone. Choose the central unit, or another role.
no-position = Nothing was heard of this wearer's place in the last week. Look at the alerts for silence, and at whether a tag is worn.
role-held-already = This person holds this role in this unit already. There is nothing left to do.
unknown-machine = There is no such machine. Check the name, or look in the list.
machine-revoked = The certificate of this machine was revoked. Ask the administrator for a new one.

## Four eyes

unknown-proposal = There is no such proposal among those that you may see. Load the list of proposals anew.
proposal-over = { $state ->
        [confirmed] This proposal was confirmed already. There is nothing left to decide.
        [refused] This proposal was refused already. Make a new one if it is still needed.
        [expired] This proposal ran out before anybody decided. Make a new one if it is still needed.
        [withdrawn] This proposal was withdrawn. Make a new one if it is still needed.
       *[other] This proposal is decided already. Load the list of proposals anew.
    }
same-person = Whoever proposes something cannot confirm it. Ask a colleague who has the right to do so.

## Files of wearers

wearer-merged = This file was merged into the file { $reference }. Go on with the file { $reference }.
reference-taken = Another file has this reference. Enter another one, or leave it empty and the system gives one.
person-enrolled = This person has the file { $reference } already. Open that file; if the national id or the foreign number was mistyped, correct it.
person-enrolled-elsewhere = This person is enrolled in another unit, whose files you do not see. Check the number first; if it is right, ask the central monitoring unit to hand the file over to your unit.
file-too-long = The names and numbers of this file are too long together. Remove numbers that are no longer needed and send it again.
same-file = A file cannot be merged with itself. Check the reference of the duplicate.
duplicate-wears-tag = The wearer has a tag on under the duplicate. Record the removal there first, or merge the file without a tag into this one.
merge-orders-overlap = Both files have an order in force at one time: order { $order } of the duplicate meets an order of the other file. End one of the two first, or cancel its wrong entry.

## Orders

unknown-order = There is no such order among those that you may see. Open the orders of the wearer again.
unknown-order-fact = There is no such entry of an order among those that you may see. Open the orders of the wearer again.
order-overlaps = Order { $order } of this wearer, which begins at { DATETIME($from) }, is in force then, and only one order can be in force at a time. If the new order replaces it, record its end or revocation first; if it is the same order with changes, record a variation.
order-in-force = This wearer has another order in force then, and only one order can be in force at a time. Look at the wearer's orders, and record the end or revocation of the one before first.
order-not-begun = This order has not begun at the time that you entered. Check the time against the order's beginning.
order-suspended-already = This order is suspended at the time that you entered. Record that it goes on first, or correct the time.
order-not-suspended = This order is not suspended at the time that you entered, so it cannot go on again. Check the time against the suspension.
order-over = This order is ended or revoked at the time that you entered. Check the time; if the end was a wrong entry, cancel it first; for another decision, record a new order.
order-fact-follows = Entry { NUMBER($fact) } of this order holds from a later time and would no longer fit. Cancel it first, then do this, and record it again if need be.
order-fact-cancelled = This entry was cancelled already. Nothing more is to be done; open the order again.

## Legal holds, releases of data and the audit

unknown-hold = There is no such legal hold among those that you may see. Load the list of holds anew.
hold-over = This legal hold was lifted already. Set a new one if the data must be kept.
unknown-release = There is no such release of data among those that you may see. Check the number, or look in the list.
release-gone = The archive of this release is no longer kept here. Use the copy that was handed over, or propose the release anew.
nothing-to-release = There are no data of this wearer in this span. Check the wearer and the dates.
audit-broken = The chain of the audit is broken at entry { $number }: it was changed, moved or removed. Touch nothing, and tell the administrator and the auditor at once.

## Taking in files

unknown-import = There is no such import among those that you began. Load the list of imports anew.
import-over = This import is done or was abandoned already. Begin a new one if you have another file.
import-incomplete = The file has not reached the server as a whole yet. Go on sending it, then check again.
piece-misplaced = The program sent a piece that does not belong to this file. Choose the file anew and begin a new import; if that happens again, tell the administrator.
piece-differs = What was sent now differs from what was sent of the same file before: it may have been changed meanwhile. Abandon this import and begin a new one.
too-many-imports = You have five unfinished imports, and more are not allowed. Run or abandon one of them.
## Leave

unknown-leave = There is no such leave among those that you may see. Load the list of leaves anew.
unknown-leave-batch = There is no such batch of leaves among those that you may see. Load the list of batches anew.
leave-over = { $state ->
        [approved] This leave was approved already. Load it anew; to end it, withdraw it or end it early.
        [refused] This leave was refused. Record a new request if it is still needed.
        [withdrawn] This leave was withdrawn. Record a new request if it is still needed.
        [shortened] This leave was ended early already.
       *[other] This leave stands otherwise already. Load it anew.
    }
leave-begun = This leave has begun. End it early if the wearer shall be watched from now on; withdraw it as never granted only if it was recorded by mistake.
leave-not-under-way = This leave is not under way now, so there is nothing to end early. Withdraw it if it has not begun.
leave-late-reason-needed = This leave began in the past. Write why it is recorded only now, and try again.
leave-exclusion-differs = Request and approval differ on whether the exclusion zones are off too. Look at the decision; record a new request if this one is wrong.
leave-too-long-ago = This leave began more than { NUMBER($days) } days ago and can no longer be approved. Ask the administrator what is still known of that time.
leave-warnings-unread = Something must be read before this leave is approved. { $warnings } Look into it, then approve again and confirm that you read it.
leave-batch-hindered = { NUMBER($count) } { NUMBER($count) ->
        [one] wearer
       *[other] wearers
    } in this batch may not have leave, so nobody got it: { $wearers }. Look at the reasons in the list; take them out, or approve person by person.
leave-batch-nobody = Nobody matches this choice. Check the unit, the legal basis and the regime, or the list.
leave-batch-too-many = More than { NUMBER($max) } wearers match this choice. Make several batches.
leave-batch-over = { $state ->
        [approved] This batch was approved already. There is nothing left to decide.
        [withdrawn] This batch was withdrawn. Prepare a new one if it is still needed.
       *[other] This batch is decided already. Load it anew.
    }
leave-unknown-wearer = There is no such wearer in your unit. Check the file number.
leave-file-merged = This file was merged into another one of the same person. Use that one.
leave-not-monitored = No tag is fitted in the time of the leave, so there is nothing to be let go from. Fit a tag first, or leave this person out.
leave-no-order = No order is in force when the leave begins. Check the order and the dates.
leave-order-suspended = The order is suspended when the leave begins. Record its resumption first, or leave this person out.
leave-other-leave = Another leave holds in the same time: { $leave }. Withdraw that one, or choose other dates.
leave-too-long = The legal basis of the order allows at most { NUMBER($hours) } hours of such leave. Shorten it.
leave-none-for-basis = The legal basis of the order allows no leave.
leave-strap-open = An alert is open: the strap of the tag is open.
leave-case-tamper = An alert is open: the tag was tampered with.
leave-inclusion-broken = An alert is open: the wearer is not where to be.
leave-exclusion-broken = An alert is open: the wearer is where not to be.
leave-order-ends = The order was planned to end before the leave does.

## Inspections of homes

unknown-inspection = There is no such inspection among those that you may see. Load the list of inspections anew.
inspection-under-way = An inspection for this wearer is under way already. Go on with that one, or withdraw it first.
inspection-not-so = { $state ->
        [requested] This is not possible yet: an appointment must be proposed first.
        [appointed] This is not possible yet: the wearer or the family must confirm the appointment first.
        [confirmed] This is not possible yet: the visit must be recorded first.
        [visited] This is not possible now: the home was visited, and a decision is awaited.
        [suitable] This is not possible any more: the home was found suitable.
        [unsuitable] This is not possible now: the home was found unsuitable. The wearer may object.
        [objected] This is not possible now: an objection waits for its answer.
        [upheld] This is not possible any more: the home was found unsuitable and the objection was rejected.
        [withdrawn] This is not possible any more: the inspection was withdrawn.
       *[other] This is not possible as the inspection stands. Load it anew.
    }
inspection-shortcomings = The visit found shortcomings of this home. Write why it is suitable all the same, or find it unsuitable.
## Zones and their sets

unknown-zone = There is no zone of this name to end: { $zone }. Load the zones anew and choose from them.
zones-out-of-span = Zones can be changed from at most 31 days ago, and at most three years ahead. Choose another beginning.
unknown-zone-set = There is no such set of zones among those that you may use. Choose one from the list.
zone-set-taken = Another set of zones has this reference. Choose a different one.
zone-name-taken = Another shared zone has the name of one of these. Give it another name.
unknown-wearers = These wearers are not among those that you may see: { $wearers }. Check the file numbers; nobody was added or removed.

## What is found wrong with a zone

found-property-missing = the property "{ $property }" is missing
found-property-wrong = the property "{ $property }" cannot be read: { $why }
found-property-unknown = the property "{ $property }" looks like a rule and is none; check its spelling or remove it
found-no-shape = it has no shape that can be a zone; draw a polygon, a line or a point with a radius
found-ring-open = its outline is not closed; end it where it begins
found-no-area = its outline has no area; draw at least three corners that are not on one line
found-out-of-range = it has a corner at longitude { $longitude }, latitude { $latitude }, where no zone can be
found-too-many-corners = it has { NUMBER($corners) } corners, more than { NUMBER($max) }; simplify its outline
found-self-crossing = its outline crosses or touches itself; move the corners at the place shown apart
found-hole-outside = a hole in it is not within its outline; draw the hole inside, or as a zone of its own
found-parts-cross = parts of it cross each other; join them, or draw them apart
found-too-small = nowhere in it is the edge farther than { NUMBER($depth) } m, and positions are that inexact: it would never apply. Draw it larger, with at least { NUMBER($min) } m around its middle
found-too-large = it is { NUMBER($across) } km wide, more than { NUMBER($max) } km; check its corners
found-large = it is { NUMBER($across) } km wide; check that no corner is misplaced
found-far-away = it lies outside the country; check whether longitude and latitude were exchanged
found-never-on = it is never on: its timetable has no hours, or the exceptions cancel all of them
found-short-hours = from { DATETIME($from) } it is on for { NUMBER($minutes) } minutes only, too short to be judged well
found-ended = it has ended before it begins; check valid_to
found-twice-in-force = it is drawn twice for the same time; give one of the two another name, or let it end where the other begins
found-name-taken = a zone that is shared with others, or of one who shares it, has the same name; give it another name
found-residence-no-outline = the residence is no outline; draw the walls of the building as a polygon, because the distance counts from them
found-residence-not-inclusion = the residence must be a zone where the wearer has to be, not a forbidden one
found-residence-large = the residence is { NUMBER($across) } m wide; draw the building, not its quarter
found-above-degree = it reaches { NUMBER($distance) } m from the residence, and the order allows { NUMBER($max) } m; draw it smaller, or ask the judge
found-no-order = no order in force says how far it may reach; record the order first
found-no-residence = no zone says where the residence is; mark the one around the home
found-home-outside = the residence is not wholly within its own zone; the wearer would break it at home
found-exclusion-over-home = it is forbidden and lies over the residence in zone "{ $home }"; move its edge away from the building
found-no-place-left = together with { $others } it leaves no place to be from { DATETIME($at) } on; change its shape or its hours
found-little-place-left = together with { $others } it leaves only a place { NUMBER($depth) } m from the nearest edge from { DATETIME($at) } on; false alerts are likely

## Money in and out

unknown-statement-line = There is no such line of a statement in your unit. Load the list anew.
unknown-payment = There is no such payment in your unit. Check its number.
unknown-refund = There is no such refund in your unit. Check its number.
unknown-damage = There is no such damage in your unit. Check its number.
invoice-not-theirs = This wearer has no invoice { $invoice }. Check the number, or leave it empty: then the oldest is paid.
account-new = No statement of an account of this name was read in before. Choose the name that was used until now ({ $accounts }), or say that it is a new account: under two names each payment would count twice.
account-differs = The statements of this account were of account number { $number } until now, and this file is of another. Choose the other account, or give this one a name of its own.
statement-line-over = { $state ->
        [matched] This line is matched already. If it is another person's, reverse the payment as misdirected first.
        [set_aside] This line was set aside already. It can still be matched.
       *[other] This line stands otherwise already. Load the list anew.
    }
statement-line-went-out = This line is money that went out of the account. It is nobody's payment.
reference-seen = A payment under this reference was recorded already (payment { $payment }). Look at it first: the same money must not count twice.
payment-reversed = This payment is reversed already. There is nothing left to do.
payment-paid-out = A part of this payment was paid back or taken for damage, and nothing else of the person makes up for it. Reverse the refund first, or record what the person pays instead.
books-blocked = What was recorded of this person contradicts itself, so nothing can be said of their money: { $why }. Have it corrected, then try again.
refund-beyond-credit = The person's credit is { NUMBER($credit) } rials, less than the refund. Check the amount.
refund-beyond-deposit = { NUMBER($held) } rials are held as the person's deposit, less than what shall go back. Check the amount.
refund-beyond-release = A tag is fitted, and of the deposit { NUMBER($released) } rials are held beyond what is required, less than what shall go back. Check the amount.
deposit-beyond-ceiling = With this payment { NUMBER($held) } rials would be held, and at most { NUMBER($ceiling) } may be. Record at most what is missing, and give the rest back.
deposit-not-asked = Nobody may hold a deposit of this person now: no tag is fitted and no order is in force. Record the order first.
tag-still-fitted = The deposit stays while a tag is fitted, and no more is held than is required. Record the removal first, or what is required now.
damage-unsettled = Damage { $damage } of this person is not settled yet. Settle it first; then what is left of the deposit goes back.
refund-over = { $state ->
        [requested] This refund is not approved yet.
        [approved] This refund was approved already. Load it anew.
        [sent] This refund was sent already. If it comes back from the bank, record that.
        [refused] This refund was refused. Request a new one if it is still needed.
        [returned] This refund came back from the bank already. Request a new one to pay it anew.
       *[other] This refund stands otherwise already. Load it anew.
    }
damage-over = { $state ->
        [assessed] There is no objection to this damage that waits for an answer.
        [objected] The person's objection is written down already. Answer it.
        [answered] The person's objection was answered already. Settle the damage.
        [dropped] Nothing is left of this damage after the answer to the objection.
        [settled] This damage was settled already.
       *[other] This damage stands otherwise already. Load it anew.
    }
damage-not-told = Nobody recorded that this person was told of the damage. Hand the notice over and record the day; ten days later it may be settled.
objection-open = The person may object until { DATETIME($until) }, or an objection waits for its answer. Settle the damage after that.
objection-late = The person could object until { DATETIME($until) }. A later complaint goes to the authority.

## What is wrong with one field

field-missing = must be filled in
field-too-short = must have at least { $min } { NUMBER($min) ->
        [one] character
       *[other] characters
    }, has { $length }
field-too-long = must have at most { $max } { NUMBER($max) ->
        [one] character
       *[other] characters
    }, has { $length }
field-must-be-above-zero = must be above 0, is { $value }
field-must-not-be-negative = must not be negative, is { $value }
field-above-max = must be at most { $max }, is { $value }
field-out-of-range = must be { $min } to { $max }, is { $value }
field-no-instant = must be a date and time of the years 1 to 9999
field-dates-differ = must be one day: the Solar Hijri and the Gregorian date given are two
field-national-id-length = must be a national id of 10 digits; if a spreadsheet took leading zeros away, put them back
field-national-id-check = must be a true national id: its last digit does not fit the others, so a digit is wrong or two were exchanged
field-no-date = must be a date such as 1405/08/30 or 2026-11-21
field-not-after = must be after { DATETIME($from) }
field-unknown-kind = { $value } is no kind of alert; choose one from the list
field-unknown-choice = { $value } is none of the choices; choose one from the list
field-page-token-foreign = does not belong to this list; start again from the first page
field-no-order = must say what the tag shall do: locate_now, set_interval or notify
field-nothing-to-notify = must have a text or a vibration
field-span-too-long = the span is longer than { $days } days; ask for it in parts
field-holds-name = it contains your own name; leave that out
field-few-characters = it repeats only a few characters; use more different ones
field-common-words = it is made of words or rows of keys that are guessed first; add something of your own
field-not-a-name = must have 3 to 64 small Latin letters, digits, dots, dashes or underscores
field-not-an-imei = must be an IMEI of 15 digits as printed on the tag
field-imei-check-digit = is no IMEI: the last digit does not follow from the others, so one is mistyped
field-not-a-key = must be 64 hexadecimal digits
field-not-a-sim-number = must be 5 to 20 digits, perhaps after a plus sign
field-too-many = must have at most { NUMBER($max) } entries; it has { NUMBER($count) }
field-no-such-tag = is no tag that the sending unit answers for
field-named-twice = is named twice
field-tag-worn = is worn by somebody: record its removal first
field-tag-in-hand = is being put on somebody
field-tag-travels = is on its way to another unit already
field-not-in-transfer = is not on its way in this transfer
field-in-future = must not be in the future
field-not-a-code = has characters that do not belong there; use small Latin letters, digits and dashes
field-file-empty = the file is empty
field-file-format = the file is neither CSV nor XLSX; save it as ".xlsx" in the spreadsheet program
field-file-encoding = the file's text is not UTF-8 (perhaps Windows-1256); save it as "CSV UTF-8" or ".xlsx"
field-file-damaged = the file is damaged or encrypted; open it in its own program and save it again without a password
field-file-too-large = the file is larger than what is read at once, at most { $rows } rows; split it
field-quote-open = in this row a quotation mark is opened and never closed
field-heading-missing = the column "{ $heading }" is not in the file; look at the template
field-heading-twice = the column "{ $heading }" is there twice; take one away
field-digits-lost = the spreadsheet lost the last digits of this number; make the column a text and enter the number anew
field-zeros-lost = a national id has 10 digits and this has { $digits }: the spreadsheet took leading zeros away; make the column a text and put the zeros back
field-row-twice = the same is in row { $row } too; take one away
field-no-rows = there is no row below the headings
field-no-geo-json = this is no proper GeoJSON of zones (a FeatureCollection); look at the template
field-zone-shared = in this file each zone is one wearer's (wearer); draw a shared zone as a set
field-numbers-twice = both a national id and a foreign number are given; a wearer has one of the two
field-foreign-id-characters = must have letters and digits alone, a universal number digits alone; enter it as it stands on the paper
field-not-a-phone = must be a telephone number of 4 to 15 digits, with + only in front
field-not-a-language = must be the code of a language, two or three letters, such as fa, ps or ar
field-very-long-ago = is very long ago; check the year
field-before-decision = must not be before the day of the decision
field-before-start = must not be before the beginning
field-degree-needs-tag = a degree is set with the regime of a tag alone, not with house arrest
field-not-a-picture = must be a JPEG or PNG picture
field-picture-too-large = must have at most { NUMBER($max) } bytes; make the picture smaller
field-too-far-ahead = must be at most { NUMBER($days) } days ahead
field-too-long-ago = must be at most { NUMBER($days) } days ago
field-not-geojson = is no GeoJSON FeatureCollection or Feature in longitude and latitude; export it again from the map
field-not-a-feature = feature { NUMBER($number) } of it is no GeoJSON Feature with a name of 1 to 100 characters; draw it again
field-other-wearer = feature { NUMBER($number) } of it is another wearer's; take it out, or open the other file

# Tariffs and runs of billing.
central-only = Only the central unit does that.
unknown-run = There is no such run in your units.
tariff-taken = There is a tariff { $version } already. Give the new one another name.
set-aside-too-little = Only { $left } is set aside and not spent. Check the amount.
unknown-spending = There is no such spending of what was set aside. Look for it in the statement of its year.
field-no-policy = must be switches of the billing policy as in a case file: { $error }
field-no-case = is not a case as the billing policy describes it: { $error }
field-not-rials = must be in rials (IRR), not { $value }
field-told-too-early = the person cannot have been told before { $from }: the damage was found then, or the person was told of it then
field-not-an-amount = "{ $value }" is no amount of whole rials; write it such as 3,000,000
field-not-a-sheba = must be a SHEBA: IR and 24 digits
field-sheba-check = is no SHEBA: the digits do not fit each other, so one is mistyped; compare it with the bank's paper
field-statement-format = the file is not written in the chosen format; choose the right one
field-statement-encoding = the file's text is not UTF-8 from here on (perhaps Windows-1256); save it as "CSV UTF-8"
field-statement-heading = the column "{ $heading }" is not in the file; write it above the column that it is
field-statement-too-long = the file has more than { NUMBER($max) } lines; split it by days
field-statement-text = a text of this line has more than { NUMBER($max) } characters
field-statement-in-or-out = must have an amount that came in or one that went out, and only one of them
field-statement-currency = the amount is in { $value }; only rials (IRR) are booked
field-statement-field = the field { $name } is missing or cannot be read; have the bank give the file anew
field-statement-account = a second account ({ $account }) is in the file; give each account's statement in a file of its own
field-statement-balance = the opening balance { $opening } and the movements { $moved } do not make the closing balance { $closing }: a line is missing or too much
field-statement-gap = this part begins with { $opening } and the one before ended with { $closing }: a statement between them is missing
field-statement-sum = the sum of the movements is too large; look for a mistyped amount
## Documents and reports of finance

unknown-document = There is no such document among those that you may see. Look for it in the list of documents.
unknown-objection = There is no such objection among those that you may see. Read it in the history of its document.
objection-answered = This objection was answered already. Read the answer in the history of the document; if the wearer objects again, record that.
nothing-owed = Nothing is owed on this document: it is paid, or it asks for no money. Nothing was changed.
uncollectible-already = This document was given up already, and nobody is reminded of it. Read why in its history.
not-uncollectible = This document was not given up, so it is asked for as it is. Nothing was changed.
reminder-not-due = This reminder is not due: its day is to come, it or a later one was sent, or reminders of this document are off. Load the list of reminders anew.
happened-already = This was written down already. Read the history of the document.
books-disagree = The documents of the month come to { $expected } rials and the ledger has { $found }: no list was made. Compare the books, and tell the auditor.
too-many-rows = The file would have more than { $max } rows, which no sheet takes. Ask for a shorter period, or for another format.
difference-entry = an entry of the ledger does not sum to nothing
difference-document-receivable = the document asks for another amount than the ledger has on receivables
difference-document-income = the document asks for another amount than the ledger has as income
difference-money = what was recorded of the payment, refund or deposit is not what the ledger has
difference-strange-entry = the entry belongs to no document and to nothing that was recorded
difference-receivable = the person's receivables are not what is open on documents, less the credit
difference-deposit = the person's deposit money is not what is owed back
difference-cash-fees = the fee money of all is not payments less refunds
difference-income = the documents of all are not the income in the ledger
difference-payment-not-at-bank = the payment was recorded by hand and no line of a statement shows it, though statements go a week beyond its day
difference-refund-not-at-bank = the refund was recorded as sent and no line of a statement shows it, though statements go a week beyond its day
difference-line-reversed = the line is a payment or refund that was reversed, and no line shows that the money went the other way
difference-line-amount = the line is of another amount than the payment or refund that it is
reminder-hardship = If you cannot pay, tell the centre's finance unit: a reduced price or a waiver can be granted by decision. A debt is no breach of the monitoring.

# Void documents, and how people pay.
document-void = This document is void: nothing is asked for by it, and nothing more is recorded of it. Look for the invoice that the next run issued.
void-no-invoice = Only an invoice of fees can be void. Correct what was recorded: of leave, fittings, damage or the deposit; the next run issues what follows from it.
document-sent = The document was handed over, reminded of or objected to, so it stands. Correct what was recorded; the next run credits what is too much.
document-paid = Money or credit is on the document, so it stands. Correct what was recorded; the next run credits what is too much. If the payment was wrong, reverse it first.
document-corrected = The later document { $later } is about a month of this one, so this one stands. Make the later one void first if that is possible, or correct what was recorded; the next run corrects the month.
bill-codes-in-use = Bill ids are made of these codes already. Compare them with the letter of the Central Bank.

# Relief: classes, waivers, required deposits.
unknown-relief = There is no such class, waiver or required deposit in your units. Look for it in the wearer's list.
relief-over = This was ended already. Read when and why in the wearer's list.
relief-is-deposit = A required deposit is not ended. Require another amount by the new decision; 0 if nothing is required any more.
relief-end-outside = It cannot end then: it began at { $from }, and its end must be after that and before its present end. Choose another time, or leave it empty if it never held.
class-without-price = Tariff { $tariff } has no price for class { $class }. Choose a class that every tariff of that time has a price for, or a shorter time.
class-overlaps = The wearer is in a class for a part of that time, since { $from }. End that one first, or choose a time beside it.
suspension-overlaps = Days of that time are not billed already, by a suspension since { $from }. End that one first, or choose a time beside it.
unknown-fitting = This wearer has no such installation or replacement with its evidence. Read its number in the line of the document: fitting:12.
fee-is-so = That fee stands so already. Read in the wearer's list what was decided of it.
required-beyond-ceiling = At most { NUMBER($ceiling) } rials may be required of this wearer. Check the amount with the decision.

# Accounts for refunds, lines of statements, the policy.
holder-differs = The holder of this account has another name than the wearer. Money goes back to the wearer's own account. If it may go to another (a guardian, a legal representative, an heir), choose the ground and give the number of the paper.
no-refund-account = Nobody recorded where this person's money goes back to. Record the SHEBA of the person's own account first.
refund-account-changed = Another account was recorded for this person after the refund was asked for. Refuse this refund and ask for a new one.
refund-reference-seen = Refund { $refund } sent the same amount to the same account under this reference already. Compare the bank's paper: one transfer pays one refund.
line-amount-differs = That is { NUMBER($amount) } rials, and this line is another amount. Choose what has the amount of the line.
has-line = Line { $line } is that payment or refund already. Choose another, or set that line aside first.
refund-left = Line { $line } of a statement went out to this account with this amount, so the bank may have sent this refund: it cannot be refused. Say with MatchLine which refund that line is.
statement-line-came-in = This line is money that came in. A refund is a line that went out.
policy-in-use = Documents were issued by the switches of the policy, so they stay as they are. Nothing was changed.

# What was recorded of an order after it was closed.
unknown-late-fact = Nothing of this name waits: it was approved, undone, or counts by itself because the order is open again. Load the list anew.
late-fact-too-late = The order was closed more than twelve months ago: this could be approved until { $until }. The bill stays as it is; of a class or waiver, choose a later beginning or end.

# The work list of billing: what it is, what was done meanwhile, what to do.
todo-no-order = Fitting { $fitting } began without an order in force: record the order that it follows.
todo-not-reckoned = The books cannot be reckoned: { $error }.
todo-nothing-to-remove = A removal while no tag is fitted was left out: correct its time, record the installation, or cancel it.
todo-nothing-to-replace = A replacement while no tag is fitted cost nothing: correct its time, record the installation, or cancel it.
todo-no-regime-to-change = A change of regime while no tag is fitted was left out: correct its time, record the installation, or cancel it.
todo-no-tariff = No tariff is in force on { $day }, and nothing was charged for it: record the tariff of that time.
todo-unknown-class = Tariff { $tariff } has no price for class { $class }, so the full price was charged: correct the class or the tariff.
todo-two-classes = Two price classes hold at the end of { $day }, and the one that began later was used: end or cancel the other.
todo-nothing-to-cancel = The event { $event } that was to be cancelled does not exist: correct what is cancelled.
todo-no-fee-to-correct = A decision is about the fee of { $event }, which is no installation or replacement: correct what it is about.
todo-cannot-take-back = What was cancelled has already moved money that cannot be taken back by itself; it was left as it is: settle it by hand.
todo-no-such-invoice = A payment names the invoice { $invoice }, which is not issued; the oldest invoices were paid: check the payment.
todo-refund-too-high = A refund is { NUMBER($amount) } rials more than the credit, and only the credit was paid out: check the amount.
todo-return-too-high = A return is { NUMBER($amount) } rials more than the deposit, and only what is held was returned: check the amount.
todo-void-no-invoice = What was to be void, { $invoice }, is no invoice of fees that stands: check its number.
todo-void-paid = Money or credit is on invoice { $invoice }, so it was not made void: correct what was recorded, and the next run credits what is too much.
todo-void-corrected = The later document { $later } is about a month of invoice { $invoice }, so that one was not made void: correct what was recorded, and the next run corrects the month.
todo-late-fact = { $kind ->
        [leave] A leave ({ $fact }) was granted
        [leave_ended] A leave ended otherwise ({ $fact }), as was recorded
        [suspension] A suspension ({ $fact }) was recorded
        [suspension_changed] A suspension was changed ({ $fact })
        [relief] A class or waiver ({ $fact }) was granted
        [relief_ended] A class or waiver was ended ({ $fact })
        [fee] It was decided whether a fee is charged ({ $fact })
        [fee_taken_back] A decision about a fee was taken back ({ $fact })
       *[other] Something ({ $fact }) was recorded
    } after order { $order } was closed, and does not change its bill: have it approved by two persons of finance by { $until } (the list of late facts), or refuse it.
