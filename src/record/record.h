/*
 * The nouns that capabilities share: keys, envelope, evidence, finding, receipt, outbox. This
 * header is all that other folders include.
 */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "record/envelope.h"
#include "record/evidence.h"
#include "record/finding.h"
#include "record/key.h"
#include "record/outbox.h"
#include "record/parcel.h"
#include "record/receipt.h"
#include "record/route.h"
#include "record/sender.h"
#include "record/syslog.h"

#endif
