"""Events of the manager interface (AMI) with their fields in order, and its actions, over a real daemon."""
import json
import pathlib
import time

from ami_fixture import AmiTest, BRIDGE, SNAPSHOT
from fixture import main, wait_until


EVERYTHING = """[default]
exten => answer,1,Answer()
 same => n,Wait(60)
exten => all,1,Answer()
 same => n,Set(CALLERID(num)=77)
 same => n,Set(CONNECTEDLINE(num)=78)
 same => n,UserEvent(Foo,A: b)
 same => n,StartMusicOnHold()
 same => n,StopMusicOnHold()
 same => n,SendDTMF(1)
 same => n,Hangup()
exten => talk,1,Dial(Local/answer@default/n)
exten => direct,1,Dial(Local/inner@default)
exten => inner,1,Dial(Local/answer@default/n)
exten => spy,1,ChanSpy(Local/answer,q)
exten => park,1,Answer()
 same => n,Park()
exten => record,1,Answer()
 same => n,MixMonitor(${UNIQUEID}.wav)
 same => n,Wait(60)
exten => leave,1,Answer()
 same => n,Park(long)
exten => script,1,AGI(agi:async)
exten => handlers,1,Set(CHANNEL(hangup_handler_push)=bye,s,1(one))
 same => n,Set(CHANNEL(hangup_handler_push)=bye,s,1(two))
 same => n,Set(CHANNEL(hangup_handler_pop)=)
 same => n,Set(CHANNEL(accountcode)=acme)
 same => n,Wait(0.1)
exten => lamp,hint,Custom:lamp
[bye]
exten => s,1,Return()
"""
PHONES = """[udp]
type=transport
protocol=udp
bind=@ADDRESS@
[a]
type=endpoint
transport=udp
allow=ulaw
auth=a
aors=a
[a]
type=auth
username=a
password=b
[a]
type=aor
max_contacts=1
contact=sip:a@127.0.0.1:9
[a]
type=identify
endpoint=a
match=127.0.0.9
[far]
type=registration
server_uri=sip:127.0.0.1:9
client_uri=sip:x@127.0.0.1:9
outbound_auth=a
"""
# What a daemon without phones or scripts of its own raises; other scenarios raise the rest, which the client checks just so.
RAISED = """Newchannel Newstate Newexten NewCallerid NewConnectedLine NewAccountCode Hangup SoftHangupRequest VarSet DTMFBegin DTMFEnd HangupHandlerPush
    HangupHandlerPop HangupHandlerRun DialBegin DialEnd MusicOnHoldStart MusicOnHoldStop ChanSpyStart ChanSpyStop MixMonitorStart MixMonitorMute
    MixMonitorStop UserEvent LocalBridge LocalOptimizationBegin LocalOptimizationEnd OriginateResponse BridgeCreate BridgeDestroy BridgeEnter
    BridgeLeave BridgeMerge ParkedCall ParkedCallTimeOut ParkedCallGiveUp FullyBooted Reload Load Unload LogChannel DeviceStateChange
    ExtensionStatus PresenceStateChange MessageWaiting AGIExecStart AGIExecEnd AsyncAGIStart AsyncAGIExec AsyncAGIEnd Cdr CEL InvalidAccountID
    InvalidPassword FailedACL RequestNotAllowed AuthMethodNotAllowed SuccessfulAuth ChallengeSent ChallengeResponseFailed""".split()
LISTS = {"CoreShowChannels": "CoreShowChannelsComplete", "Status": "StatusComplete", "BridgeList": "BridgeListComplete",
         "ShowDialPlan": "ShowDialPlanComplete", "Parkinglots": "ParkinglotsComplete", "ParkedCalls": "ParkedCallsComplete",
         "ExtensionStateList": "ExtensionStateListComplete", "DeviceStateList": "DeviceStateListComplete",
         "PresenceStateList": "PresenceStateListComplete", "PJSIPShowEndpoints": "EndpointListComplete", "PJSIPShowAors": "AorListComplete",
         "PJSIPShowAuths": "AuthListComplete", "PJSIPShowContacts": "ContactListComplete",
         "PJSIPShowRegistrationsInbound": "InboundRegistrationDetailComplete",
         "PJSIPShowRegistrationsOutbound": "OutboundRegistrationDetailComplete",
         "PJSIPShowRegistrationInboundContactStatuses": "ContactStatusDetailComplete"}


class EventTest(AmiTest):
    def test_each_event_has_the_fields_of_the_documentation_in_their_order(self):
        """The client checks all that it receives (tests/parity/event_fields.py); so all that there is has to be received."""
        daemon = self.manager("timestampevents = no", **{
            "extensions.conf": EVERYTHING, "cdr.conf": "[general]\n", "cdr_manager.conf": "[general]\nenabled = yes\n", "pjsip.conf": PHONES,
            "cel.conf": "[general]\nenable = yes\napps = all\nevents = ALL\n[manager]\nenabled = yes\n",
            "res_parking.conf": "[default]\nparkext = 700\nparkpos = 701-709\ncontext = parked\nparkingtime = 1\n"
                                "[long]\nparkext = 800\nparkpos = 801-809\ncontext = long\nparkingtime = 60\n"})
        client = self.client()
        self.fail_to_log_in(client)
        for extension in ("all", "talk", "direct", "spy", "park", "leave", "record", "script", "handlers"):
            client.ask("Originate", Channel="Local/answer@default/n", Exten=extension, Context="default", Priority="1", Async="yes")
        client.ask("MWIUpdate", Mailbox="1@default", NewMessages="1", OldMessages="2")
        client.ask("Setvar", Variable="DEVICE_STATE(Custom:lamp)", Value="INUSE")
        client.ask("Setvar", Variable="PRESENCE_STATE(CustomPresence:me)", Value="away,here,back soon")
        client.ask("Reload", Module="pbx_config")
        for order in ("module unload app_echo", "module load app_echo", "logger rotate"):
            daemon.cli(order)
        script = client.event("AsyncAGIStart").get("Channel")
        client.ask("AGI", Channel=script, Command="EXEC NoOp x", CommandID="7")
        client.event("AsyncAGIExec", CommandID="7")
        recorded = client.event("MixMonitorStart").get("Channel")
        client.ask("MixMonitorMute", Channel=recorded, Direction="read", State="1")
        client.ask("StopMixMonitor", Channel=recorded)
        left = client.event("ParkedCall", Parkinglot="long").get("ParkeeChannel")
        parked, _ = client.items("ParkedCalls", "ParkedCallsComplete", ParkingLot="long")
        self.assertEqual([left], [call.get("ParkeeChannel") for call in parked])
        client.ask("Hangup", Channel=left)
        for name in ("ChanSpyStart", "ParkedCallTimeOut", "LocalOptimizationEnd", "ParkedCallGiveUp"):
            client.event(name)
        self.ask_for_all_lists(client)
        client.items("Hangup", "ChannelsHungupListComplete", Channel="/^Local/")
        client.ask("Ping")
        for name in sorted(set(RAISED) - set(client.history)):
            client.event(name)

    def fail_to_log_in(self, watcher):
        for fields in ({"Username": "admin", "Secret": "wrong"}, {"Username": "nobody", "Secret": "x"}, {"Username": "far", "Secret": "mysecret"},
                       {"Username": "admin", "AuthType": "none"}):
            self.client(login=False).send("Login", **fields)
        challenged = self.client(login=False)
        challenged.ask("Challenge", AuthType="MD5", Username="admin")
        challenged.send("Login", AuthType="MD5", Username="admin", Key="0")
        self.assertEqual("Permission denied", self.client("caller").ask("Reload").get("Message"))
        for name in ("InvalidPassword", "InvalidAccountID", "FailedACL", "AuthMethodNotAllowed", "ChallengeResponseFailed", "RequestNotAllowed"):
            watcher.event(name)

    def ask_for_all_lists(self, client):
        empty = {"PresenceStateList", "ParkedCalls", "PJSIPShowRegistrationInboundContactStatuses"}
        for action, complete in LISTS.items():
            self.assertTrue(client.items(action, complete)[0] or action in empty, action)
        bridge = client.items("BridgeList", "BridgeListComplete")[0][0].get("BridgeUniqueid")
        self.assertTrue(client.items("BridgeInfo", "BridgeInfoComplete", BridgeUniqueid=bridge)[0])
        details, _ = client.items("PJSIPShowEndpoint", "EndpointDetailComplete", Endpoint="a")
        self.assertEqual(["EndpointDetail", "AorDetail", "ContactStatusDetail", "AuthDetail", "TransportDetail", "IdentifyDetail"],
                         [each.get("Event") for each in details])
        for action, fields in (("CoreStatus", {}), ("CoreSettings", {}), ("ExtensionState", {"Exten": "lamp", "Context": "default"}),
                               ("PresenceState", {"Provider": "CustomPresence:me"}), ("MailboxStatus", {"Mailbox": "1@default"}),
                               ("MailboxCount", {"Mailbox": "1@default"}), ("ModuleCheck", {"Module": "res_manager"})):
            self.assertEqual("Success", client.ask(action, **fields).get("Response"), action)

    def test_follows_a_call_from_beginning_to_end_with_all_fields(self):
        self.manager("timestampevents = no")
        client = self.client()
        answer = client.ask("Originate", ("Variable", "A=1,B=two"), Channel="Local/answer@default/n", Exten="other", Context="default",
                            Priority="1", CallerID='"Web" <77>', Account="acme", Async="yes", id="call-1")
        self.assertEqual(answer.get("Message"), "Originate successfully queued")
        new = client.event("Newchannel")
        self.assertEqual(new.keys(), ["Event", "Privilege", *SNAPSHOT])
        self.assertEqual(new.get("Privilege"), "call,all")
        one = new.get("Channel")
        self.assertRegex(one, r"^Local/answer@default-[0-9a-f]{8};1$")
        begin = client.event("DialBegin")
        self.assertEqual(begin.keys(), ["Event", "Privilege", *["Dest" + key for key in SNAPSHOT], "DialString"])
        self.assertEqual(begin.get("DialString"), "answer@default/n")
        two = client.event("Newchannel").get("Channel")
        self.assertEqual(two, one[:-1] + "2")
        local = client.event("LocalBridge")
        self.assertEqual(local.keys(), ["Event", "Privilege", *["LocalOne" + key for key in SNAPSHOT],
                                        *["LocalTwo" + key for key in SNAPSHOT], "Context", "Exten", "LocalOptimization"])
        self.assertEqual((local.get("Context"), local.get("Exten"), local.get("LocalOptimization")), ("default", "answer", "No"))
        step = client.event("Newexten", Channel=two)
        self.assertEqual(step.keys(), ["Event", "Privilege", *SNAPSHOT, "Extension", "Application", "AppData"])
        self.assertEqual((step.get("Privilege"), step.get("Application")), ("dialplan,all", "Answer"))
        end = client.event("DialEnd")
        self.assertEqual(end.get("DialStatus"), "ANSWER")
        response = client.event("OriginateResponse")
        self.assertEqual(response.keys(), ["Event", "Privilege", "ActionID", "Response", "Channel", "Context", "Exten", "Application",
                                           "Data", "Reason", "Uniqueid", "CallerIDNum", "CallerIDName"])
        self.assertEqual((response.get("ActionID"), response.get("Response"), response.get("Reason"), response.get("Channel")),
                         ("call-1", "Success", "4", one))
        self.assertEqual((response.get("CallerIDNum"), response.get("CallerIDName")), ("77", "Web"))
        variable = client.event("VarSet", Channel=two, Variable="COLOUR")
        self.assertEqual(variable.keys(), ["Event", "Privilege", *SNAPSHOT, "Variable", "Value"])
        self.assertEqual(variable.get("Value"), "blue")
        self.assertEqual(client.ask("Getvar", Channel=one, Variable="B").get("Value"), "two")
        self.assertEqual(client.ask("Getvar", Channel=one, Variable="CHANNEL(accountcode)").get("Value"), "acme")
        self.assertEqual(client.ask("Hangup", Channel=one, Cause="17").get("Message"), "Channel Hungup")
        wanted = client.event("SoftHangupRequest")
        self.assertEqual(wanted.keys(), ["Event", "Privilege", *SNAPSHOT, "Cause"])
        ends = {}
        while len(ends) < 2:
            block = client.event("Hangup")
            ends[block.get("Channel")] = block
        self.assertEqual(ends[one].keys(), ["Event", "Privilege", *SNAPSHOT, "Cause", "Cause-txt"])
        self.assertEqual((ends[one].get("Cause"), ends[one].get("Cause-txt")), ("17", "User busy"))
        self.assertEqual(set(ends), {one, two})
        order = [client.history.index(name) for name in ("Newchannel", "DialBegin", "LocalBridge", "Newexten", "DialEnd",
                                                         "SoftHangupRequest", "Hangup")]
        self.assertEqual(order, sorted(order), client.history)

    def test_bridges_and_their_members(self):
        self.manager()
        client = self.client()
        client.ask("Originate", Channel="Local/answer@default/n", Exten="dial", Context="default", Priority="1", Async="yes")
        created = client.event("BridgeCreate")
        self.assertEqual(created.keys(), ["Event", "Privilege", *BRIDGE])
        entered = client.event("BridgeEnter")
        self.assertEqual(entered.keys(), ["Event", "Privilege", *BRIDGE, *SNAPSHOT])
        client.event("BridgeEnter", BridgeNumChannels="2")
        bridges, complete = client.items("BridgeList", "BridgeListComplete")
        self.assertEqual([bridge.get("BridgeUniqueid") for bridge in bridges], [created.get("BridgeUniqueid")])
        self.assertEqual(complete.get("ListItems"), "1")
        members, _ = client.items("BridgeInfo", "BridgeInfoComplete", BridgeUniqueid=created.get("BridgeUniqueid"))
        self.assertEqual(len(members), 2)
        self.assertEqual(members[0].keys(), ["Event", "ActionID", *SNAPSHOT])
        self.assertEqual(client.ask("BridgeDestroy", BridgeUniqueid=created.get("BridgeUniqueid")).get("Response"), "Success")
        client.event("BridgeLeave")
        client.event("BridgeDestroy", BridgeUniqueid=created.get("BridgeUniqueid"))

    def test_user_events_of_the_plan_and_of_clients(self):
        self.manager()
        client = self.client()
        client.ask("Originate", Channel="Local/short@default", Application="Wait", Data="5", Async="yes")
        event = client.event("UserEvent")
        self.assertEqual(event.keys(), ["Event", "Privilege", *SNAPSHOT, "UserEvent", "Who", "Number"])
        self.assertEqual((event.get("Privilege"), event.get("UserEvent"), event.get("Who")), ("user,all", "Greeting", "world"))
        self.assertEqual(client.ask("UserEvent", UserEvent="Mine", A="1\r\nInjected").get("Message"), "Event Sent")
        own = client.event("UserEvent", UserEvent="Mine")
        self.assertEqual(own.get("A"), "1")

    def test_filters_of_the_user_and_of_the_session(self):
        self.manager()
        client, watcher = self.client("narrow"), self.client()
        client.event("FullyBooted")
        client.ask("Originate", Channel="Local/short@default", Application="Wait", Data="5", Async="yes")
        for _ in range(2):
            watcher.event("Hangup")
        client.ask("Ping")
        self.assertEqual({block.get("Event") for block in client.events}, {"Newchannel", "Hangup"})
        self.assertTrue(all(block.get("Channel").endswith(";1") for block in client.events))
        client.events.clear()
        self.assertEqual(client.ask("Filter", Operation="Add", Filter="!Event: Newchannel").get("Response"), "Success")
        self.assertEqual(client.ask("Filter", Operation="Add", Filter="(").get("Response"), "Error")
        client.ask("Originate", Channel="Local/short@default", Application="Wait", Data="5", Async="yes")
        self.assertEqual(client.block().get("Event"), "Hangup")

    def test_events_off_and_by_class(self):
        self.manager()
        client = self.client(Events="off")
        client.ask("UserEvent", UserEvent="unheard")
        self.assertEqual(client.ask("Events", EventMask="user").get("Events"), "On")
        client.ask("UserEvent", UserEvent="heard")
        self.assertEqual(client.block().get("UserEvent"), "heard")
        self.assertEqual(client.ask("Events", EventMask="off").get("Events"), "Off")
        self.assertEqual(client.ask("Events", EventMask="nonsense").get("Response"), "Error")

    def test_general_settings_shape_events(self):
        self.manager("timestampevents = yes\ndebug = yes\nchannelvars = COLOUR,B\ndisabledevents = Newexten")
        client = self.client()
        client.ask("Originate", ("Variable", "B=x"), Channel="Local/answer@default/n", Application="Wait", Data="5", Async="yes")
        variable = client.event("VarSet", Variable="COLOUR")
        self.assertEqual(variable.keys(), ["Event", "Privilege", "Timestamp", "SequenceNumber", *SNAPSHOT, "ChanVariable", "ChanVariable",
                                           "Variable", "Value"])
        self.assertRegex(variable.get("Timestamp"), r"^\d{10}\.\d{6}$")
        self.assertEqual(variable.all("ChanVariable"), ["COLOUR=blue", "B=x"])
        self.assertEqual(client.event("OriginateResponse").get("Response"), "Success")
        self.assertNotIn("Newexten", client.history)
        answered = client.event("DialEnd")
        self.assertEqual(answered.all("DestChanVariable"), ["COLOUR=", "B=x"])

    def test_wait_event_keeps_events_until_its_answer(self):
        self.manager()
        client, other = self.client(Events="user"), self.client(Events="off")
        identity = client.send("WaitEvent", Timeout="20")
        wait_until(lambda: "manager" in self.daemons[0].ask("fiber show"), 5)
        other.ask("UserEvent", UserEvent="one")
        answer = client.response(identity)
        self.assertEqual(answer.get("Message"), "Waiting for Event completed.")
        self.assertEqual(client.block().get("UserEvent"), "one")
        complete = client.block()
        self.assertEqual((complete.get("Event"), complete.get("ActionID")), ("WaitEventComplete", identity))
        identity = client.send("WaitEvent", Timeout="1")
        self.assertEqual(client.response(identity).get("Response"), "Success")
        self.assertEqual(client.block().get("Event"), "WaitEventComplete")

    def test_device_and_extension_states(self):
        self.manager()
        client = self.client()
        self.assertEqual(client.ask("Setvar", Variable="DEVICE_STATE(Custom:lamp)", Value="INUSE").get("Response"), "Success")
        device = client.event("DeviceStateChange", Device="Custom:lamp")
        self.assertEqual((device.keys(), device.get("State")), (["Event", "Privilege", "Device", "State"], "INUSE"))
        status = client.event("ExtensionStatus")
        self.assertEqual(status.keys(), ["Event", "Privilege", "Exten", "Context", "Hint", "Status", "StatusText"])
        self.assertEqual((status.get("Exten"), status.get("Status"), status.get("StatusText")), ("lamp", "1", "InUse"))
        answer = client.ask("ExtensionState", Exten="lamp", Context="default")
        self.assertEqual(answer.keys(), ["Response", "ActionID", "Message", "Exten", "Context", "Hint", "Status", "StatusText"])
        self.assertEqual(answer.get("Status"), "1")
        states, _ = client.items("ExtensionStateList", "ExtensionStateListComplete")
        self.assertEqual([state.get("Hint") for state in states], ["Custom:lamp"])


    def test_hangup_handlers_modules_and_log_files(self):
        daemon = self.manager()
        client = self.client()
        client.ask("Originate", Channel="Local/handlers@default", Application="Wait", Data="60", Async="yes")
        pushed = client.event("HangupHandlerPush", Handler="bye,s,1(one)")
        self.assertEqual(pushed.keys(), ["Event", "Privilege", *SNAPSHOT, "Handler"])
        self.assertEqual(pushed.get("Privilege"), "dialplan,all")
        client.event("HangupHandlerPush", Handler="bye,s,1(two)")
        client.event("HangupHandlerPop", Handler="bye,s,1(two)", Channel=pushed.get("Channel"))
        client.event("HangupHandlerRun", Handler="bye,s,1(one)", Channel=pushed.get("Channel"))
        for command, event, status in (("unload", "Unload", "Success"), ("load", "Load", "Success"), ("load", "Load", "Already")):
            daemon.cli(f"module {command} app_echo", check=status == "Success")
            self.assertEqual([("Event", event), ("Privilege", "system,all"), ("Module", "app_echo"), ("Status", status)], client.event(event))
        daemon.ask("logger rotate")
        opened = client.event("LogChannel")
        self.assertEqual(opened.keys(), ["Event", "Privilege", "Channel", "Enabled"])
        self.assertEqual((opened.get("Privilege"), opened.get("Enabled")), ("system,all", "Yes"))
        daemon.cli(f"logger add channel {daemon.folder}/nowhere/x.log notice", check=False)
        refused = client.event("LogChannel", Enabled="No")
        self.assertEqual((refused.get("Channel"), refused.get("Reason")), (f"{daemon.folder}/nowhere/x.log", "2 - No such file or directory"))


class ActionTest(AmiTest):
    def up(self, client, extension="answer", wait=True, **more):
        """A Local call to `extension` whose first half runs Wait; returns the names of both halves."""
        identity = client.send("Originate", Channel=f"Local/{extension}@default/n", Application="Wait", Data="60", Async="yes", **more)
        client.response(identity)
        one = client.event("OriginateResponse", ActionID=identity).get("Channel")
        return one, one[:-1] + "2"

    def test_database(self):
        self.manager()
        client = self.client()
        self.assertEqual(client.ask("DBPut", Family="a/b", Key="k", Val="1: x").get("Message"), "Updated database successfully")
        client.ask("DBPut", Family="a", Key="l", Val="2")
        found, complete = client.items("DBGet", "DBGetComplete", Family="a/b", Key="k")
        self.assertEqual(found, [[("Event", "DBGetResponse"), ("ActionID", f"id{client.count}"), ("Family", "a/b"), ("Key", "k"),
                                  ("Val", "1: x")]])
        self.assertEqual(complete.keys(), ["Event", "ActionID", "EventList", "ListItems"])
        tree, complete = client.items("DBGetTree", "DBGetTreeComplete", Family="a")
        self.assertEqual({(entry.get("Key"), entry.get("Val")) for entry in tree}, {("/a/b/k", "1: x"), ("/a/l", "2")})
        self.assertEqual(complete.get("ListItems"), "2")
        self.assertEqual(client.ask("DBDel", Family="a/b", Key="k").get("Message"), "Key deleted successfully")
        self.assertEqual(client.ask("DBGet", Family="a/b", Key="k").get("Message"), "Database entry not found")
        self.assertEqual(client.ask("DBDel", Family="a/b", Key="k").get("Message"), "Database entry not found")
        self.assertEqual(client.ask("DBDelTree", Family="a").get("Message"), "Key tree deleted successfully")
        self.assertEqual(client.ask("DBPut", Family="a").get("Response"), "Error")

    def test_command_prints_the_console_s_lines(self):
        self.manager()
        client = self.client()
        answer = client.ask("Command", Command="core show channels count")
        self.assertEqual(answer.keys()[:3], ["Response", "ActionID", "Message"])
        self.assertEqual((answer.get("Response"), answer.get("Message")), ("Success", "Command output follows"))
        self.assertEqual(answer.all("Output")[0], "0 active channels")
        self.assertEqual(client.ask("Command", Command="core show nonsense").get("Response"), "Error")
        long = client.ask("Command", Command="core show applications")
        self.assertTrue(any("Originate" in line or "Dial" in line for line in long.all("Output")))

    def test_settings_status_and_lists(self):
        self.manager()
        client = self.client()
        settings = client.ask("CoreSettings")
        self.assertEqual(settings.keys(), ["Response", "ActionID", "AMIversion", "AsteriskVersion", "SystemName", "CoreMaxCalls",
                                           "CoreMaxLoadAvg", "CoreRunUser", "CoreRunGroup", "CoreMaxFilehandles",
                                           "CoreRealTimeEnabled", "CoreCDRenabled", "CoreHTTPenabled", "SoundsSearchCustomDir"])
        status = client.ask("CoreStatus")
        self.assertEqual(status.keys(), ["Response", "ActionID", "CoreStartupDate", "CoreStartupTime", "CoreReloadDate",
                                         "CoreReloadTime", "CoreCurrentCalls", "CoreProcessedCalls"])
        self.assertRegex(status.get("CoreStartupDate"), r"^\d{4}-\d\d-\d\d$")
        self.assertEqual(client.ask("ModuleCheck", Module="res_manager").get("Response"), "Success")
        self.assertEqual(client.ask("ModuleCheck", Module="res_absent").get("Message"), "Module not loaded")
        one, two = self.up(client)
        channels, complete = client.items("CoreShowChannels", "CoreShowChannelsComplete")
        self.assertEqual({channel.get("Channel") for channel in channels}, {one, two})
        self.assertEqual(channels[0].keys(), ["Event", "ActionID", *SNAPSHOT, "BridgeId", "Application", "ApplicationData", "Duration"])
        self.assertEqual(complete.get("ListItems"), "2")
        states, complete = client.items("Status", "StatusComplete", Variables="COLOUR,CHANNEL(name)", Channel=two)
        self.assertEqual(states[0].keys(), ["Event", "ActionID", "Privilege", *SNAPSHOT, "Type", "DNID", "EffectiveConnectedLineNum",
                                            "EffectiveConnectedLineName", "TimeToHangup", "BridgeID", "Application", "Data",
                                            "Nativeformats", "Readformat", "Readtrans", "Writeformat", "Writetrans", "Callgroup",
                                            "Pickupgroup", "Seconds", "Variable", "Variable"])
        self.assertEqual(states[0].all("Variable"), ["COLOUR=blue", f"CHANNEL(name)={two}"])
        self.assertEqual(complete.get("Items"), "1")
        self.assertEqual(client.ask("Status", Channel="Local/none").get("Message"), "No such channel")
        plan, complete = client.items("ShowDialPlan", "ShowDialPlanComplete", Context="default", Extension="short")
        self.assertEqual([(line.get("Extension"), line.get("Priority"), line.get("Application")) for line in plan],
                         [("short", "1", "Answer"), ("short", "2", "UserEvent"), ("short", "3", "Hangup")])
        self.assertEqual((complete.get("ListExtensions"), complete.get("ListPriorities")), ("1", "3"))
        self.assertEqual(client.ask("ShowDialPlan", Context="none").get("Response"), "Error")
        added = {"Context": "made", "Extension": "7", "Priority": "1", "Application": "Hangup"}
        self.assertEqual(client.ask("DialplanExtensionAdd", **added, ApplicationData="17").get("Response"), "Success")
        self.assertEqual(client.ask("DialplanExtensionAdd", **added).get("Response"), "Error")
        self.assertEqual(client.ask("DialplanExtensionAdd", **added, ApplicationData="21", Replace="yes").get("Response"), "Success")
        plan, _ = client.items("ShowDialPlan", "ShowDialPlanComplete", Context="made")
        self.assertEqual([("Hangup", "21")], [(line.get("Application"), line.get("AppData")) for line in plan])
        self.assertEqual(client.ask("DialplanExtensionAdd", **{**added, "Priority": "x"}).get("Response"), "Error")
        removed = {"Context": "made", "Extension": "7"}
        self.assertEqual(client.ask("DialplanExtensionRemove", **removed, Priority="2").get("Response"), "Error")
        self.assertEqual(client.ask("DialplanExtensionRemove", **removed).get("Response"), "Success")
        self.assertEqual(client.ask("DialplanExtensionRemove", **removed).get("Response"), "Error")
        client.ask("Originate", Channel="Local/answer@default/n", Application="Wait", Data="20", Async="yes")
        one = client.event("Newchannel").get("Channel")
        client.event("OriginateResponse")
        connected, _ = client.items("CoreShowChannelMap", "CoreShowChannelMapComplete", Channel=one)
        self.assertEqual([one[:-1] + "2"], [channel.get("Channel") for channel in connected])
        self.assertEqual(client.ask("CoreShowChannelMap", Channel="none").get("Response"), "Error")
        client.ask("Setvar", Variable="DEVICE_STATE(Custom:lamp)", Value="RINGING")
        devices, _ = client.items("DeviceStateList", "DeviceStateListComplete")
        self.assertEqual([device.get("State") for device in devices if device.get("Device") == "Custom:lamp"], ["RINGING"])

    def test_configuration_files(self):
        daemon = self.manager()
        daemon.write("sample.conf", "[general]\nport = 1 ; note\n[base](!)\na = b\n[one](base)\nc = \"d\"\n")
        client = self.client()
        config = client.ask("GetConfig", Filename="sample.conf", Filter="TEMPLATES=include")
        self.assertEqual(config[2:], [("Category-000000", "general"), ("Line-000000-000000", "port=1"), ("Category-000001", "base"),
                                      ("IsTemplate-000001", "1"), ("Line-000001-000000", "a=b"), ("Category-000002", "one"),
                                      ("Templates-000002", "base"), ("Line-000002-000000", 'c="d"')])
        for condition, names in (("", ["general", "one"]), ("TEMPLATES=restrict", ["base"]), ("^a$=b", ["one"]), ("por=^[0-9]", ["general"]),
                                 ("a=b,c=d", ["one"]), ("a=b,TEMPLATES=include", ["base", "one"]), ("a=z", [])):
            found = client.ask("GetConfig", Filename="sample.conf", Filter=condition)
            self.assertEqual(names, [value for key, value in found if key.startswith("Category-")], condition)
        self.assertIn("regular expression", client.ask("GetConfig", Filename="sample.conf", Filter="a=(").get("Message"))
        self.assertIn("TEMPLATES is include or restrict", client.ask("GetConfig", Filename="sample.conf", Filter="TEMPLATES=all").get("Message"))
        json_text = client.ask("GetConfigJSON", Filename="sample.conf", Category="one").get("JSON")
        self.assertEqual(json.loads(json_text), {"one": {"a": "b", "c": '"d"'}})
        self.assertEqual(client.ask("ListCategories", Filename="sample.conf").get("Category-000002"), "one")
        self.assertEqual(client.ask("GetConfig", Filename="none.conf").get("Message"), "Config file not found")
        for outside in ("/etc/passwd", "../etc/passwd"):
            self.assertEqual(client.ask("GetConfig", Filename=outside).get("Response"), "Error")

    def test_variables_of_channels_and_global_ones(self):
        self.manager()
        client = self.client()
        one, _ = self.up(client)
        self.assertEqual(client.ask("Setvar", Channel=one, Variable="X", Value="a,b: c").get("Message"), "Variable Set")
        answer = client.ask("Getvar", Channel=one, Variable="X")
        self.assertEqual(answer[2:], [("Variable", "X"), ("Value", "a,b: c")])
        client.ask("Setvar", Variable="WORLD", Value="1")
        self.assertEqual(client.event("VarSet", Variable="WORLD").get("Channel"), "none")
        self.assertEqual(client.ask("Getvar", Variable="WORLD").get("Value"), "1")
        self.assertEqual(client.ask("Getvar", Channel="Local/none", Variable="X").get("Message"), "No such channel")
        self.assertIn("dialplan only", client.ask("Getvar", Variable="ENV(HOME)").get("Message"))
        self.assertEqual(client.ask("AbsoluteTimeout", Channel=one, Timeout="1").get("Message"), "Timeout Set")
        client.event("Hangup", Channel=one)

    def test_originate_waits_for_its_outcome(self):
        self.manager()
        client = self.client()
        self.assertEqual(client.ask("Originate", Channel="Local/short@default", Application="Wait", Data="1").get("Message"),
                         "Originate successfully queued")
        for channel in ("Local/busy@default", "Local/none@default", "Nothing/1"):
            self.assertEqual(client.ask("Originate", Channel=channel, Application="Wait").get("Message"), "Originate failed", channel)
        began = time.monotonic()
        late = client.ask("Originate", Channel="Local/silent@default", Application="Wait", Timeout="300")
        self.assertEqual(late.get("Response"), "Error")
        self.assertGreaterEqual(time.monotonic() - began, 0.3)
        for fields in ({"Channel": "x", "Application": "Wait"}, {"Channel": "Local/short@default"},
                       {"Channel": "Local/short@default", "Exten": "other", "Priority": "1", "Timeout": "soon"}):
            self.assertEqual(client.ask("Originate", **fields).get("Response"), "Error", fields)
        for channel, reason in (("Local/busy@default", "5"), ("Local/silent@default", "3"), ("Nothing/1", "0")):
            identity = client.send("Originate", Channel=channel, Application="Wait", Timeout="300", Async="true")
            client.response(identity)
            outcome = client.event("OriginateResponse", ActionID=identity)
            self.assertEqual((outcome.get("Response"), outcome.get("Reason")), ("Failure", reason), channel)
        self.daemons[0].wait_idle()

    def test_originated_channels_bear_the_ids_that_were_asked_for(self):
        self.manager()
        client = self.client()
        one, two = self.up(client, ChannelId="crm-1", OtherChannelId="crm-2")
        new = client.event("Newchannel", Channel=one)
        self.assertEqual((new.get("Uniqueid"), new.get("Linkedid")), ("crm-1", "crm-1"))
        new = client.event("Newchannel", Channel=two)
        self.assertEqual((new.get("Uniqueid"), new.get("Linkedid")), ("crm-2", "crm-1"))
        again = client.ask("Originate", Channel="Local/answer@default", Application="Wait", ChannelId="crm-1", Async="yes")
        self.assertEqual(again.get("Response"), "Error")
        self.assertEqual(client.ask("Hangup", Channel="crm-1").get("Message"), "Channel Hungup")
        client.event("Hangup", Channel=two)

    def test_who_may_originate_may_not_run_programs(self):
        self.manager()
        client = self.client("caller")
        for application, data in (("System", "true"), ("Set", "X=${SHELL(true)}")):
            answer = client.ask("Originate", Channel="Local/answer@default", Application=application, Data=data, Async="yes")
            self.assertIn("Forbidden", answer.get("Message"))

    def test_what_is_for_the_dialplan_only_is_refused_wherever_it_stands(self):
        server = self.manager()
        written = server.folder / "written"
        client = self.client()
        client.ask("Originate", ("Variable", f"FILE({written})=x"), ("Variable", "LAST=yes"), ("Variable", "CALLERID(name)=Ann"),
                   Channel="Local/answer@default/n", Application="Wait", Data="60", Async="yes")
        one = client.event("OriginateResponse").get("Channel")
        client.ask("DBPut", Family="a", Key="b", Val="c")
        for name in (f"FILE({written})", "SHELL(echo out)", "DB_DELETE(a/b)", "LOCK(x)"):
            self.assertIn("by the dialplan only", client.ask("Getvar", Channel=one, Variable=name).get("Message"), name)
        for name in (f"FILE({written})", f"CURL(file://{written})"):
            self.assertIn("by the dialplan only", client.ask("Setvar", Channel=one, Variable=name, Value="x").get("Message"), name)
        for name in ("EVAL(${SHELL(echo out)})", "EVAL(${EVAL(${SHELL(echo out)})})", "EVAL(${DB_DELETE(a/b)})"):
            self.assertNotIn("out", client.ask("Getvar", Channel=one, Variable=name).get("Value") or "", name)
        self.assertEqual(client.ask("Getvar", Channel=one, Variable="DB(a/b)").get("Value"), "c")
        self.assertEqual(client.ask("Getvar", Channel=one, Variable="CALLERID(name)").get("Value"), "Ann")
        self.assertNotIn("only", client.ask("Getvar", Channel=one, Variable="CURL(http://127.0.0.1:1/)").get("Message") or "")
        self.assertFalse(written.exists())

    def test_redirects_one_and_two(self):
        self.manager()
        client = self.client()
        one, two = self.up(client)
        self.assertEqual(client.ask("Redirect", Channel=two, Context="default", Exten="other", Priority="here").get("Message"),
                         "Redirect successful")
        client.event("Newexten", Channel=two, Exten="other", Priority="2")
        answer = client.ask("Redirect", Channel=one, ExtraChannel=two, Context="default", Exten="other", Priority="1",
                            ExtraContext="default", ExtraExten="answer", ExtraPriority="1")
        self.assertEqual(answer.get("Message"), "Dual Redirect successful")
        client.event("Newexten", Channel=one, Exten="other", Application="Answer")
        client.event("Newexten", Channel=two, Exten="answer", Application="Answer")
        self.assertEqual(client.ask("Redirect", Channel=one, Context="default", Exten="nowhere", Priority="1").get("Response"), "Error")
        self.assertEqual(client.ask("Redirect", Channel="none", Context="default", Exten="other", Priority="1").get("Message"),
                         "No such channel")

    def test_hangs_up_all_that_match(self):
        self.manager()
        client = self.client()
        self.up(client)
        self.up(client)
        found, complete = client.items("Hangup", "ChannelsHungupListComplete", Channel="/^Local.*;1$/")
        self.assertEqual((len(found), complete.get("ListItems")), (2, "2"))
        self.assertTrue(all(item.get("Channel").endswith(";1") for item in found))
        self.daemons[0].wait_idle()
        self.assertEqual(client.ask("Hangup", Channel="/(/").get("Response"), "Error")
        self.assertEqual(client.ask("Hangup", Channel="none").get("Message"), "No such channel")

    def test_bridges_two_calls_and_transfers(self):
        self.manager()
        client = self.client()
        one, _ = self.up(client)
        other, far = self.up(client)
        self.assertEqual(client.ask("Bridge", Channel1=one, Channel2=other).get("Message"), "Channels have been bridged")
        client.event("BridgeEnter", Channel=one)
        bridge = client.event("BridgeEnter", Channel=other)
        self.assertEqual(client.ask("PlayDTMF", Channel=one, Digit="5").get("Message"), "DTMF successfully queued")
        digit = client.event("DTMFEnd", Digit="5")
        self.assertEqual(digit.keys(), ["Event", "Privilege", *SNAPSHOT, "Digit", "DurationMs", "Direction"])
        self.assertEqual(digit.get("Privilege"), "dtmf,all")
        self.assertEqual("Flash successfully queued", client.ask("SendFlash", Channel=one, Receive="yes").get("Message"))
        for half in (one, far):  # and through the bridge, to the other half of the Local channel behind it
            flashed = client.event("Flash", Channel=half)
            self.assertEqual((["Event", "Privilege", *SNAPSHOT], "call,all"), (flashed.keys(), flashed.get("Privilege")))
        self.assertEqual(client.ask("BlindTransfer", Channel=one, Context="default", Exten="other").get("Message"), "Transfer succeeded")
        transfer = client.event("BlindTransfer")
        self.assertEqual(transfer.keys(), ["Event", "Privilege", "Result", *["Transferer" + key for key in SNAPSHOT],
                                           *["Transferee" + key for key in SNAPSHOT], *BRIDGE, "IsExternal", "Context", "Extension"])
        self.assertEqual((transfer.get("Result"), transfer.get("BridgeUniqueid")), ("Success", bridge.get("BridgeUniqueid")))
        self.assertEqual((transfer.get("TransfererChannel"), transfer.get("TransfereeChannel"), transfer.get("Extension")),
                         (one, other, "other"))
        client.event("BridgeLeave", BridgeUniqueid=bridge.get("BridgeUniqueid"))
        client.event("Hangup", Channel=one)
        client.event("Newexten", Channel=other, Exten="other")
        self.assertEqual(client.ask("BlindTransfer", Channel=other, Context="default", Exten="other").get("Message"), "Transfer failed")
        self.assertEqual(client.ask("BridgeKick", Channel=other).get("Message"), "Channel not in a bridge")
        self.assertEqual(client.ask("SendText", Channel=other, Message="hello").get("Response"), "Success")
        self.assertEqual(client.ask("Bridge", Channel1=other, Channel2=other).get("Response"), "Error")

    def test_an_attended_transfer_asks_first(self):
        self.manager()
        client = self.client()
        one, _ = self.up(client)
        other, _ = self.up(client)
        self.assertEqual(client.ask("Atxfer", Channel=one, Context="default", Exten="300").get("Response"), "Error")
        client.ask("Bridge", Channel1=one, Channel2=other)
        bridge = client.event("BridgeEnter", Channel=other).get("BridgeUniqueid")
        self.assertEqual(client.ask("Atxfer", Channel=one, Context="default", Exten="300").get("Message"), "Atxfer successfully queued")
        target = client.event("Newchannel", Exten="300").get("Channel")[:-1] + "1"
        client.event("Newstate", Channel=target, ChannelStateDesc="Up")
        client.ask("Hangup", Channel=one)
        transfer = client.event("AttendedTransfer")
        self.assertEqual((transfer.get("Result"), transfer.get("OrigTransfererChannel"), transfer.get("TransfereeChannel"),
                          transfer.get("OrigBridgeUniqueid")), ("Success", one, other, bridge))
        self.assertEqual((transfer.get("SecondTransfererChannel"), transfer.get("TransferTargetChannel"), transfer.get("DestType"),
                          transfer.get("DestBridgeUniqueid")), (one, target, "Bridge", bridge))
        client.event("BridgeEnter", Channel=target, BridgeUniqueid=bridge)

    def test_an_attended_transfer_is_given_up(self):
        self.manager()
        client = self.client()
        one, _ = self.up(client)
        other, _ = self.up(client)
        client.ask("Bridge", Channel1=one, Channel2=other)
        bridge = client.event("BridgeEnter", Channel=other).get("BridgeUniqueid")
        self.assertEqual("Channel is in no attended transfer", client.ask("CancelAtxfer", Channel=one).get("Message"))
        for extension in ("300", "301"):  # it speaks with the target; it waits for it
            client.ask("Atxfer", Channel=one, Context="default", Exten=extension)
            target = client.event("Newchannel", Exten=extension).get("Channel")[:-1]
            if extension == "300":
                client.event("Newstate", Channel=target + "1", ChannelStateDesc="Up")
            else:
                client.event("Newexten", Channel=target + "2", Application="Wait")
            self.assertEqual("CancelAtxfer successfully queued", client.ask("CancelAtxfer", Channel=one).get("Message"))
            client.event("Hangup", Channel=target + "1")
            wait_until(lambda: client.ask("CancelAtxfer", Channel=one).get("Response") == "Error", 10, "the end of the transfer")
        members, _ = client.items("BridgeInfo", "BridgeInfoComplete", BridgeUniqueid=bridge)
        self.assertEqual({one, other}, {member.get("Channel") for member in members})

    def test_a_local_channel_is_let_go(self):
        self.manager()
        client = self.client()
        first, second = self.up(client)
        for half in (first, second):
            other, _ = self.up(client)
            self.assertEqual("Channels have been bridged", client.ask("Bridge", Channel1=half, Channel2=other).get("Message"))
            client.event("BridgeEnter", Channel=other)
        self.assertEqual("Error", client.ask("LocalOptimizeAway", Channel="Local/none").get("Response"))
        self.assertEqual("Queued channel to be optimized away", client.ask("LocalOptimizeAway", Channel=first).get("Message"))
        self.assertEqual(first, client.event("LocalOptimizationBegin").get("LocalOneChannel"))
        self.assertEqual("Yes", client.event("LocalOptimizationEnd").get("Success"))
        for half in (first, second):
            client.event("Hangup", Channel=half)

    def test_reload_and_rotation(self):
        self.manager()
        client = self.client()
        self.assertEqual(client.ask("Reload", Module="pbx_config").get("Message"), "Module Reloaded")
        event = client.event("Reload", Module="pbx_config")
        self.assertEqual(event.keys(), ["Event", "Privilege", "Module", "Status"])
        self.assertEqual(client.ask("Reload").get("Response"), "Success")
        client.event("Reload", Module="All", Status="0")
        self.assertIn("No such module", client.ask("Reload", Module="res_absent").get("Message"))
        self.assertEqual(client.ask("LoggerRotate").get("Response"), "Success")
        self.assertEqual(client.ask("ModuleLoad", LoadType="unload", Module="app_echo").get("Message"), "Module unloaded.")
        self.assertEqual(client.ask("ModuleLoad", LoadType="load", Module="app_echo").get("Message"), "Module loaded.")
        self.assertEqual(client.ask("ModuleLoad", LoadType="unload", Module="res_manager").get("Response"), "Error")
        self.assertEqual(client.ask("Command", Command="module unload res_manager").get("Response"), "Error")
        self.assertEqual(client.ask("Ping").get("Ping"), "Pong")
        self.assertTrue(self.client().banner)  # the port is still open

    def test_the_console_shows_it_all(self):
        daemon = self.manager()
        self.client()
        self.assertIn("CoreShowChannels", daemon.ask("manager show commands"))
        self.assertIn("originate,all", daemon.ask("manager show command Originate"))
        connected = daemon.ask("manager show connected")
        self.assertIn("admin", connected)
        self.assertIn("1 users connected.", connected)
        self.assertIn("5 manager users configured.", daemon.ask("manager show users"))
        user = daemon.ask("manager show user far")
        self.assertIn("<Set>", user)
        self.assertNotIn("mysecret", user)
        self.assertIn("Newchannel", daemon.ask("manager show events"))
        self.assertIn("Privilege: call,all", daemon.ask("manager show event Hangup"))
        self.assertIn("bytes wait", daemon.ask("manager show eventq"))
        self.assertIn("outputlimit:", daemon.ask("manager show settings"))

    def test_the_daemon_s_stop_is_told_and_the_module_can_be_unloaded_under_its_clients(self):
        daemon = self.manager()
        client = self.client()
        daemon.ask("module unload res_manager")
        self.assertTrue(client.closed())
        self.assertNotIn("res_manager", pathlib.Path(f"/proc/{daemon.process.pid}/maps").read_text())
        daemon.ask("module load res_manager")
        client = self.client()
        daemon.cli("core stop now", check=False)
        stop = client.event("Shutdown")
        self.assertEqual(stop[2:], [("Shutdown", "Cleanly"), ("Restart", "False")])


if __name__ == "__main__":
    main()
