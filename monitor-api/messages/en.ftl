# What callers are told when something is refused: what happened, and what to do next.
#
# The name of a message is its code in lower case with dashes (UNKNOWN_ALERT: unknown-alert); what is wrong with one field has the
# prefix "field-". fa.ftl has the same messages with the same variables.
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
