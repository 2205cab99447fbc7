"""No public name is forgotten: whoever adds one says whether strangers call it, and then it is fuzzed."""

from door_table import DOORS
from public_names import public_names

# Called by the library alone, with what it made and checked: an inner step of what stands behind a door.
INNER = """
Algorithm Algorithm.act_values Algorithm.best_next Algorithm.check_loss Algorithm.chosen Algorithm.for_env
Algorithm.loss Algorithm.make_agents Algorithm.online_qs Algorithm.played_values Algorithm.scaled Algorithm.see
Algorithm.start Algorithm.targets Algorithm.unroll Batch.check CWQMIX CWQMIX.weights Central CentralMixer.mix
Collector.load_state_dict DuplexMixer.advantages DuplexMixer.importance DuplexMixer.mix DuplexMixer.positive
FixedLatent FixedLatent.act_values FixedLatent.q_tot FixedLatent.start GRUAgents.remember History.append IQL
LatentAgents LatentAgents.forward LatentAgents.output_layer Learner Learner.compiled_losses Learner.load_optimiser
Learner.loss_of_one Learner.losses Learner.slow_down Learner.update MAVEN MAVEN.bound MAVEN.expected_returns
MAVEN.latent MAVEN.loss MAVEN.make_agents MAVEN.played_values MAVEN.q_tot MAVEN.return_loss MAVEN.settled MAVEN.start
MAVEN.with_latent MAVEN.z_policy MStepGame.row Mixer.mix OWQMIX OWQMIX.weights Observed Observed.read Observed.split
Pair Pair.forward ParameterNoise.act ParameterNoise.act_values Place QMixer.mix QMixer.non_negative QPLEX
QPLEX.played_values QPLEX.q_tot QTRAN.joint_table QTRAN.losses QTRAN.played_values QTRAN.q_joint QTRAN.smallest_gaps
QTRAN.v_joint Row Row.begin Row.reset Row.step Run Run.load_state_dict Run.look Run.sample Run.scheduled Seen
StackedGRU StackedGRU.forward StackedLinear StackedLinear.begin_orthogonal StackedLinear.forward StackedNorm
StackedNorm.forward Task Task.look Task.news Task.notice VDN VDN.played_values VDN.q_tot VDNMixer.mix Watch
Watch.believed Watch.bounds Watch.load_state_dict Watch.look Watch.see action_count action_mask backup bar best_return
best_rising best_sum best_supermodular between brief by_name bytes_a_row came check_arguments check_available
could_be_mask named_as_mask different not_plain
check_beliefs check_finite check_place check_resume check_settings check_team check_twins check_whole choice clip_rows
describe device distinct entries finite flag flat function generator generator_state has_axes hold instance is_image
machine_bytes make_env make_run mapping masked_mean mean mixed_differences names_of never_learns nnls number numbers
on_cpu own_best path pay perceptron places play_rows read_setting record resumed reward row_length rows_for_evaluation
save seed sequence settled shows side_by_side sort_settings space_of spec_of spell stack_buffers staircases state
state_of steps switch switches td_lambda_target td_target tensor three_layers two_layers whole_number widths
with_prefix Faults Probe Probe.fault Probe.play Probe.reset Probe.step Twins Twins.begun Twins.compare Twins.fault
Twins.fresh close copy_of dice_of differences doing drawn_inputs faults_of first_difference first_episode
algorithm_called another_seed plain units_doubt state_doubt own_limit Task.see_limit check_player chooser find is_ours
is_rule made sight_doubt clock_doubt reward_doubt never_over called cut_doubt blank_doubt habits rows_alike
idle_actions begun_at_the_end drew_alike foreign_dice parts_of drawn_batch twins rows_of changed moment
fresh_memory place_after in_short first_words after_the_end agents_doubts algorithm_doubts asker down_the_slope
drawn_values each_agents_actions largest_value masked_values say shown what_is_shown
place_of starts_differ team_options told asked notes_of words_of limits_of takes_a_seed check_capacity no_update
learning_faults leaves_of report same scribble shape_faults Army Battle Battle.gaps Kind ScriptedTeam.start advance
enemy_plan shots sides is_wide unroll Best Best.see Collector.begin_anew best_of env_state grid last_scores run_name
team_names train_run read_choices check_folder check_left check_pay loss_of
write_whole taken FormationGuide.start line wedge ring replaced copied of_vmap changed_since note_changes
"""
# The contracts that others fulfil (`QMIX.see` is `Algorithm.see`): the table has every environment, mixer and game.
CONTRACTS = """
Mixer Mixer.forward QTRAN TableGame TableGame.load_state_dict TeamEnv TeamEnv.clone TeamEnv.load_state_dict
TeamEnv.reset TeamEnv.step
"""
# Doors to packages that may be missing; the tests of each (tests/test_worlds_*.py) knock at them.
OUTSIDE = "foraging from_gymnasium from_jaxmarl from_vmas named_world overcooked smax warehouse"
# Works for seconds, into a folder: test_experiment.py gives it what is wrong.
BY_HAND = "sweep"
# Plain records that the library hands out; nobody needs to make one.
RECORDS = """
Deeds Episode Evaluation Fit History Model Scenes Solution Swept TeamStep Tracks TrainConfig.of_episodes
TrainConfig.reference
"""


def test_every_public_name_is_a_door_or_said_to_be_none():
    doors = {door.name.removesuffix(" of") for door in DOORS} | {door.name.split(".")[-1] for door in DOORS}
    said = set(f"{INNER} {CONTRACTS} {OUTSIDE} {BY_HAND} {RECORDS}".split())
    names = set(public_names())
    assert names - doors - said == set(), "new: fuzz it in door_table.py, or say here why nobody calls it"
    assert said - names == set(), "gone from the library"
    assert said & {door.name for door in DOORS} == set(), "in the table, and said not to be"
