#pragma once
// Each packet to and from its table, one overload per kind; packet_codec.cc puts them together.
// write() returns the table's offset; read() leaves what it finds wrong with the reader.

#include "message/packet.h"
#include "packet_generated.h"
#include "wire/packet_reader.h"
#include "wire/packet_writer.h"

namespace mpreg {

#define MPREG_PACKET(Type)                                               \
  flatbuffers::Offset<wire::Type> write(Builder& out, const Type& from); \
  void read(PacketReader& in, const wire::Type& from, Type& to)

// session_packets.cc
MPREG_PACKET(Hello);
MPREG_PACKET(Welcome);
MPREG_PACKET(Refused);
MPREG_PACKET(Goodbye);
MPREG_PACKET(Acknowledge);
MPREG_PACKET(Probe);
MPREG_PACKET(ProbeEcho);
MPREG_PACKET(Observed);
MPREG_PACKET(Query);
MPREG_PACKET(Answer);
// Shared by the families.
MPREG_PACKET(Subscription);
MPREG_PACKET(StreamPosition);

// pubsub_packets.cc
MPREG_PACKET(BatchHeader);
MPREG_PACKET(Gap);
MPREG_PACKET(Subscribe);
MPREG_PACKET(Subscribed);
MPREG_PACKET(Unsubscribe);
MPREG_PACKET(Barrier);
MPREG_PACKET(Accepted);
MPREG_PACKET(OperationRefused);

// cache_packets.cc
MPREG_PACKET(OperationOutcome);
MPREG_PACKET(CompleteOperation);
MPREG_PACKET(CacheGet);
MPREG_PACKET(CacheGot);
MPREG_PACKET(LoadAsk);
MPREG_PACKET(LoadGranted);
MPREG_PACKET(ClaimAsk);
MPREG_PACKET(ClaimGranted);

// link_packets.cc
MPREG_PACKET(LinkHello);
MPREG_PACKET(LinkWelcome);
MPREG_PACKET(LinkState);
MPREG_PACKET(Take);
MPREG_PACKET(Taken);
MPREG_PACKET(Untake);
MPREG_PACKET(Applied);
MPREG_PACKET(InterestUpdate);
MPREG_PACKET(InterestDigest);
MPREG_PACKET(Refill);
MPREG_PACKET(Trace);
MPREG_PACKET(TraceReport);
MPREG_PACKET(FailuresKnown);

// store_packets.cc
MPREG_PACKET(StoreAsk);
MPREG_PACKET(StoreTell);

#undef MPREG_PACKET

[[nodiscard]] inline auto put_positions(Builder& out,
                                        const std::vector<StreamPosition>& positions) {
  return put_all(out, positions,
                 [](Builder& to, const StreamPosition& position) { return write(to, position); });
}

template <typename Tables>
void take_positions(PacketReader& in, FieldName name, const Tables* from,
                    std::vector<StreamPosition>& to) {
  in.tables(name, from, kPositionsMax, to,
            [&](const wire::StreamPosition& one, StreamPosition& into) { read(in, one, into); });
}

}  // namespace mpreg
