"""The fields of the manager interface's events and responses in their order, as the documentation of Asterisk 22 has them.

EVENTS says for each event that we send which fields follow `Event` (and `Privilege` or `ActionID`); RESPONSES the same for answers that
have more than a message. A name ending in `?` may be left out, a tuple is there whole or not at all, `*` stands for any further fields.
ami_fixture's client checks every event and response that any scenario receives against them; parity_test.py that none is missing here.

Fields of Asterisk's that are left out, for want of their subject:
  BridgeVideoSource (bridges of more than two carry no video), CallID of contacts (the registrar keeps none),
  LocalOne.../LocalTwo... and DestTransfererChannel of AttendedTransfer (no transfer ends with linked bridges or three parties),
  Module and SessionTV of security events (optional there too), options of pjsip.conf that have no effect here (WITHOUT_EFFECT)."""
import re

SNAPSHOT = ["Channel", "ChannelState", "ChannelStateDesc", "CallerIDNum", "CallerIDName", "ConnectedLineNum",
            "ConnectedLineName", "Language", "AccountCode", "Context", "Exten", "Priority", "Uniqueid", "Linkedid"]
BRIDGE = ["BridgeUniqueid", "BridgeType", "BridgeTechnology", "BridgeCreator", "BridgeName", "BridgeNumChannels",
          "BridgeVideoSourceMode"]
SECURITY = ["EventTV", "Severity", "Service", "EventVersion", "AccountID", "SessionID", "LocalAddress", "RemoteAddress"]
END = ["EventList", "ListItems"]


def channel(prefix=""):
    return [*(prefix + key for key in SNAPSHOT), f"{prefix}ChanVariable*"]


def bridge(prefix=""):
    return [prefix + key for key in BRIDGE]


def parked(*parties):
    return [*(field for each in parties for field in each),
            "ParkerDialString", "Parkinglot", "ParkingSpace", "ParkingTimeout", "ParkingDuration"]


def reported(direction):
    report = ["SourceSSRC", "FractionLost", "CumulativeLost", "HighestSequence", "SequenceNumberCycles", "IAJitter", "LSR", "DLSR"]
    return [*channel(), "SSRC", "PT", *direction, "ReportCount", ("SentNTP", "SentRTP", "SentPackets", "SentOctets"),
            tuple("Report0" + key for key in report)]


CONTACT = ["AuthenticateQualify", "OutboundProxy", "Path", "QualifyFrequency", "QualifyTimeout", "Qualify2xxOnly"]
AOR = ["ObjectType", "ObjectName", "MinimumExpiration", "MaximumExpiration", "DefaultExpiration", "QualifyFrequency", "AuthenticateQualify",
       "MaxContacts", "RemoveExisting", "RemoveUnavailable", "Mailboxes", "OutboundProxy", "SupportPath", "TotalContacts", "ContactsRegistered"]
AUTH = ["ObjectType", "ObjectName", "Username", "Password", "Md5Cred", "Realm", "NonceLifetime", "AuthType"]
WITHOUT_EFFECT = """MediaUseReceivedTransport OneTouchRecording T38UdptlEc T38UdptlMaxdatagram T38UdptlNat RecordOnFeature RecordOffFeature CosAudio
    CosVideo RtpEngine DtlsRekey RedirectMethod PreferredCodecOnly SupportPath NonceLifetime AsyncOperations Password Domain Cos
    WebsocketWriteTimeout""".split()
TRANSPORT = """ObjectType ObjectName Protocol Bind AsyncOperations CaListFile CaListPath CertFile PrivKeyFile Password ExternalSignalingAddress
    ExternalSignalingPort ExternalMediaAddress Domain VerifyServer VerifyClient RequireClientCert Method Cipher LocalNet Tos Cos
    WebsocketWriteTimeout""".split()
ENDPOINT = """ObjectType ObjectName Context Allow DtmfMode RtpIpv6 RtpSymmetric IceSupport UsePtime ForceRport RewriteContact Transport
    OutboundProxy MohSuggest 100rel Timers TimersMinSe TimersSessExpires Auth OutboundAuth Aors MediaAddress IdentifyBy DirectMedia
    DirectMediaMethod TrustConnectedLine SendConnectedLine ConnectedLineMethod DirectMediaGlareMitigation DisableDirectMediaOnNat Callerid
    CalleridPrivacy CalleridTag TrustIdInbound TrustIdOutbound SendPai SendRpid SendDiversion Mailboxes AggregateMwi MediaEncryption
    MediaEncryptionOptimistic UseAvpf ForceAvp MediaUseReceivedTransport OneTouchRecording InbandProgress CallGroup PickupGroup NamedCallGroup
    NamedPickupGroup DeviceStateBusyAt T38Udptl T38UdptlEc T38UdptlMaxdatagram FaxDetect T38UdptlNat T38UdptlIpv6 T38BindUdptlToMediaAddress
    ToneZone Language RecordOnFeature RecordOffFeature AllowTransfer UserEqPhone MohPassthrough SdpOwner SdpSession TosAudio TosVideo CosAudio
    CosVideo AllowSubscribe SubMinExpiry FromUser FromDomain MwiFromUser RtpEngine DtlsVerify DtlsRekey DtlsCertFile DtlsPrivateKey DtlsCipher
    DtlsCaFile DtlsCaPath DtlsSetup SrtpTag32 RedirectMethod SetVar MessageContext Accountcode PreferredCodecOnly DeviceState ActiveChannels
    SubscribeContext AllowOverlap OverlapContext""".split()


def in_effect(fields):
    return [field for field in fields if field not in WITHOUT_EFFECT]


CALLER, PARKEE, PARKER = tuple(channel()), channel("Parkee"), tuple(channel("Parker"))
DIAL = [CALLER, *channel("Dest")]
SUBSCRIPTION = ["Role", "Endpoint", "Callid", "State", "Callerid", "SubscriptionType"]
EVENTS = {
    # Channels.
    "Newchannel": channel(), "Newstate": channel(), "Newexten": [*channel(), "Extension", "Application", "AppData"],
    "NewCallerid": [*channel(), "CID-CallingPres"], "NewConnectedLine": channel(), "NewAccountCode": [*channel(), "OldAccountCode"],
    "Rename": ["Channel", "Newname", "Uniqueid"], "Hangup": [*channel(), "Cause", "Cause-txt"], "HangupRequest": [*channel(), "Cause"],
    "SoftHangupRequest": [*channel(), "Cause"], "Hold": [*channel(), "MusicClass?"], "Unhold": channel(), "Flash": channel(),
    "VarSet": [CALLER, ("Channel", "Uniqueid"), "Variable", "Value"],
    "DTMFBegin": [*channel(), "Digit", "Direction"], "DTMFEnd": [*channel(), "Digit", "DurationMs", "Direction"],
    "HangupHandlerPush": [*channel(), "Handler"], "HangupHandlerPop": [*channel(), "Handler"], "HangupHandlerRun": [*channel(), "Handler"],
    "DialBegin": [*DIAL, "DialString"], "DialState": [*DIAL, "DialStatus", "Forward?"], "DialEnd": [*DIAL, "DialStatus", "Forward?"],
    "Pickup": [*channel(), *channel("Target")], "MusicOnHoldStart": [*channel(), "Class"], "MusicOnHoldStop": channel(),
    "ChannelTalkingStart": channel(), "ChannelTalkingStop": [*channel(), "Duration"],
    "ChanSpyStart": [*channel("Spyer"), *channel("Spyee")], "ChanSpyStop": [*channel("Spyer"), *channel("Spyee")],
    "MixMonitorStart": channel(), "MixMonitorStop": channel(), "MixMonitorMute": [*channel(), "Direction", "State"],
    "UserEvent": [CALLER, "UserEvent", "*"],
    "LocalBridge": [*channel("LocalOne"), *channel("LocalTwo"), "Context", "Exten", "LocalOptimization"],
    "LocalOptimizationBegin": [*channel("LocalOne"), *channel("LocalTwo"), *channel("Source"), "DestUniqueId", "Id"],
    "LocalOptimizationEnd": [*channel("LocalOne"), *channel("LocalTwo"), "Success", "Id"],
    "OriginateResponse": ["Response", "Channel", "Context", "Exten", "Application", "Data", "Reason", "Uniqueid", "CallerIDNum", "CallerIDName"],
    "RTCPSent": reported(["To"]), "RTCPReceived": reported(["From", "RTT"]),
    # Bridges, transfers, parking.
    "BridgeCreate": BRIDGE, "BridgeDestroy": BRIDGE, "BridgeEnter": [*BRIDGE, *channel()], "BridgeLeave": [*BRIDGE, *channel()],
    "BridgeMerge": [*bridge("To"), *bridge("From")],
    "BlindTransfer": ["Result", *channel("Transferer"), tuple(channel("Transferee")), tuple(BRIDGE), "IsExternal", "Context", "Extension"],
    "AttendedTransfer": ["Result", *channel("OrigTransferer"), tuple(bridge("Orig")), *channel("SecondTransferer"), tuple(bridge("Second")),
                         "DestType", "DestBridgeUniqueid?", "DestApp?", tuple(channel("Transferee")), tuple(channel("TransferTarget")), "IsExternal"],
    "ParkedCall": parked(PARKEE), "ParkedCallTimeOut": parked(PARKEE, [PARKER]), "ParkedCallGiveUp": parked(PARKEE, [PARKER]),
    "ParkedCallSwap": parked(PARKEE, [PARKER]), "UnParkedCall": [*parked(PARKEE, [PARKER]), *channel("Retriever")],
    # The system and its states.
    "FullyBooted": ["Uptime", "LastReload", "Status"], "Reload": ["Module", "Status"], "Shutdown": ["Shutdown", "Restart"],
    "Load": ["Module", "Status"], "Unload": ["Module", "Status"], "LogChannel": ["Channel", "Enabled", "Reason?"],
    "DeviceStateChange": ["Device", "State"], "ExtensionStatus": ["Exten", "Context", "Hint", "Status", "StatusText"],
    "PresenceStateChange": ["Presentity", "Status", "Subtype", "Message"], "MessageWaiting": ["Mailbox", "Waiting", "New", "Old"],
    "TestEvent": ["Type", "State", "AppFile", "AppFunction", "AppLine", "*"],
    "Registry": ["ChannelType", "Username", "Domain", "Status", "Cause?"], "PeerStatus": ["ChannelType", "Peer", "PeerStatus"],
    "ContactStatus": ["URI", "ContactStatus", "AOR", "EndpointName", "RoundtripUsec"],
    # Scripts, records, completion of calls.
    "AGIExecStart": [*channel(), "Command", "CommandId"], "AGIExecEnd": [*channel(), "Command", "CommandId", "ResultCode", "Result"],
    "AsyncAGIStart": [*channel(), "Env"], "AsyncAGIExec": [*channel(), "CommandID?", "Result"], "AsyncAGIEnd": channel(),
    "Cdr": ["AccountCode", "Source", "Destination", "DestinationContext", "CallerID", "Channel", "DestinationChannel", "LastApplication",
            "LastData", "StartTime", "AnswerTime", "EndTime", "Duration", "BillableSeconds", "Disposition", "AMAFlags", "UniqueID", "UserField", "*"],
    "CEL": ["EventName", "AccountCode", "CallerIDnum", "CallerIDname", "CallerIDani", "CallerIDrdnis", "CallerIDdnid", "Exten", "Context",
            "Channel", "Application", "AppData", "EventTime", "AMAFlags", "UniqueID", "LinkedID", "UserField", "Peer", "PeerAccount", "Extra", "UserDefType?"],
    "CCAvailable": ["CoreID", "Callee", "Service"], "CCOfferTimerStart": ["CoreID", "Caller", "Expires"],
    "CCRequested": ["CoreID", "Caller", "Callee"], "CCRequestAcknowledged": ["CoreID", "Caller"], "CCFailure": ["CoreID", "Caller", "Reason"],
    "CCMonitorFailed": ["CoreID", "Callee"], "CCRecallComplete": ["CoreID", "Caller"], "CCCallerRecalling": ["CoreID", "Caller"],
    "CCCallerStartMonitoring": ["CoreID", "Caller"], "CCCallerStopMonitoring": ["CoreID", "Caller"],
    # Security.
    **dict.fromkeys(("InvalidAccountID", "InvalidPassword", "SessionLimit", "MemoryLimit", "LoadAverageLimit"), SECURITY),
    **dict.fromkeys(("RequestNotAllowed", "RequestNotSupported", "RequestBadFormat"), [*SECURITY, "RequestType"]),
    "FailedACL": [*SECURITY, "ACLName?"], "AuthMethodNotAllowed": [*SECURITY, "AuthMethod"], "SuccessfulAuth": [*SECURITY, "UsingPassword"],
    "ChallengeSent": [*SECURITY, "Challenge"], "ChallengeResponseFailed": [*SECURITY, "Challenge", "Response", "ExpectedResponse"],
    "UnexpectedAddress": [*SECURITY, "ExpectedAddress"], "InvalidTransport": [*SECURITY, "AttemptedTransport"],
    # Items of lists, and their ends.
    "CoreShowChannel": [*channel(), "BridgeId", "Application", "ApplicationData", "Duration"],
    "Status": [*channel(), "Type", "DNID", "EffectiveConnectedLineNum", "EffectiveConnectedLineName", "TimeToHangup", "BridgeID", "Application",
               "Data", "Nativeformats", "Readformat", "Readtrans", "Writeformat", "Writetrans", "Callgroup", "Pickupgroup", "Seconds", "Variable*"],
    "ChannelHungup": ["Channel"], "BridgeListItem": BRIDGE, "BridgeInfoChannel": channel(),
    "ListDialplan": ["Context", ("Extension", "ExtensionLabel?", "Priority", "Application", "AppData?"), "IncludeContext?", "Switch?", "IgnorePattern?",
                     "Registrar"],
    "DBGetResponse": ["Family", "Key", "Val"], "DBGetTreeResponse": ["Key", "Val"], "MWIGet": ["Mailbox", "OldMessages", "NewMessages"],
    "Parkinglot": ["Name", "StartSpace", "StopSpace", "Timeout"],
    "EndpointList": ["ObjectType", "ObjectName", "Transport", "Aor", "Auths", "OutboundAuths", "Contacts", "DeviceState", "ActiveChannels"],
    "EndpointDetail": [*in_effect(ENDPOINT), "*"], "AorList": [*in_effect(AOR), "*"], "AorDetail": [*in_effect(AOR), "EndpointName", "*"],
    "AuthList": [*[field for field in AUTH if field != "NonceLifetime"], "*"],
    "AuthDetail": [*[field for field in AUTH if field != "NonceLifetime"], "EndpointName?", "*"],
    "TransportDetail": [*in_effect(TRANSPORT), "EndpointName", "*"],
    "IdentifyDetail": ["ObjectType", "ObjectName", "Endpoint", "SrvLookups", "Match", "MatchHeader", "EndpointName", "*"],
    "ContactList": ["ObjectType", "ObjectName", "ViaAddr", "ViaPort", "QualifyTimeout", "RegServer", "PruneOnBoot", "Path", "Endpoint",
                    "AuthenticateQualify", "Uri", "QualifyFrequency", "UserAgent", "ExpirationTime", "OutboundProxy", "Status", "RoundtripUsec",
                    "Qualify2xxOnly"],
    "ContactStatusDetail": ["AOR", "URI", "Status", "RoundtripUsec", "EndpointName", "UserAgent", "RegExpire", "ViaAddress?", "ID", *CONTACT],
    "InboundRegistrationDetail": [*in_effect(AOR), "*"], "OutboundRegistrationDetail": ["ObjectType", "ObjectName", "*", "Status", "NextReg"],
    "InboundSubscriptionDetail": [*SUBSCRIPTION, "Event", "Mailboxes?", "Extension?", "Expiry"],
    "OutboundSubscriptionDetail": [*SUBSCRIPTION, "Resource", "Expiry"],
    "ResourceListDetail": ["ObjectType", "ObjectName", "Event", "ListItem", "FullState", "NotificationBatchInterval", "ResourceDisplayName"],
    **dict.fromkeys("""AorListComplete AuthListComplete BridgeListComplete ChannelsHungupListComplete ContactListComplete
        ContactStatusDetailComplete CoreShowChannelsComplete CoreShowChannelMapComplete DBGetComplete DBGetTreeComplete DeviceStateListComplete
        EndpointDetailComplete EndpointListComplete ExtensionStateListComplete InboundRegistrationDetailComplete InboundSubscriptionDetailComplete
        MWIGetComplete OutboundSubscriptionDetailComplete ParkinglotsComplete PresenceStateListComplete ResourceListDetailComplete""".split(), END),
    "StatusComplete": [*END, "Items"], "BridgeInfoComplete": [*END, *BRIDGE], "ParkedCallsComplete": [*END, "Total"],
    "OutboundRegistrationDetailComplete": [*END, "Registered", "NotRegistered"],
    "ShowDialPlanComplete": [*END, "ListExtensions", "ListPriorities", "ListContexts"],
}
RESPONSES = {
    "Challenge": ["Challenge"], "Ping": ["Ping", "Timestamp"], "Getvar": ["Variable", "Value"], "Events": ["Events"], "ModuleCheck": ["Version"],
    "CoreSettings": ["AMIversion", "AsteriskVersion", "SystemName", "CoreMaxCalls", "CoreMaxLoadAvg", "CoreRunUser", "CoreRunGroup",
                     "CoreMaxFilehandles", "CoreRealTimeEnabled", "CoreCDRenabled", "CoreHTTPenabled", "SoundsSearchCustomDir"],
    "CoreStatus": ["CoreStartupDate", "CoreStartupTime", "CoreReloadDate", "CoreReloadTime", "CoreCurrentCalls", "CoreProcessedCalls"],
    "ExtensionState": ["Message", "Exten", "Context", "Hint", "Status", "StatusText"],
    "PresenceState": ["Message", "State", "Subtype?", ("Message", "PresenceMessage")],
    "MailboxStatus": ["Message", "Mailbox", "Waiting"], "MailboxCount": ["Message", "Mailbox", "UrgMessages", "NewMessages", "OldMessages"],
}


def pattern(fields):
    """A regular expression for these names in order, each followed by a blank."""
    parts = []
    for field in fields:
        if isinstance(field, tuple):
            parts.append(f"(?:{pattern(field)})?")
        elif field == "*":
            parts.append(r"(?:\S+ )*?")
        else:
            name = re.escape(field.rstrip("?*"))
            parts.append(f"(?:{name} ){field[-1]}" if field[-1] in "?*" else f"{name} ")
    return "".join(parts)


HEADS = r"(?:(?:Privilege|ActionID|Timestamp|SequenceNumber|SystemName) )*"
PATTERNS = {name: re.compile(HEADS + pattern(fields)) for name, fields in EVENTS.items()}
ANSWERS = {name.lower(): re.compile(HEADS + pattern(fields)) for name, fields in RESPONSES.items()}


def check_event(keys, name):
    """Raises AssertionError when the fields of this event, `Event` left aside, are not those of the documentation. One that is unknown here passes."""
    if name in PATTERNS and not PATTERNS[name].fullmatch("".join(key + " " for key in keys)):
        raise AssertionError(f"the fields of {name} are\n  {' '.join(keys)}\nexpected\n  {EVENTS[name]}")


def check_response(keys, action):
    """The same for the answer of success to that action, `Response` left aside."""
    if action.lower() in ANSWERS and not ANSWERS[action.lower()].fullmatch("".join(key + " " for key in keys)):
        raise AssertionError(f"the fields of the answer to {action} are\n  {' '.join(keys)}")
